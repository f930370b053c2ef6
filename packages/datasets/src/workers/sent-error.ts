import { FormatError } from "@stargrad/io";
import {
  ArgumentError,
  CheckError,
  DTypeError,
  IndexError,
  ShapeError,
  StargradError,
} from "@stargrad/tensor";

/** An error as it is sent from a worker, which structured cloning would make one of the class `Error`. */
export type SentError =
  | { readonly thrown: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** Other fields with plain values: `called` and `hint` of this library, `code` and `path` of Node. */
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: SentError | undefined;
    };

type ErrorClass = abstract new (...values: never[]) => Error;

const classes: Readonly<Record<string, ErrorClass>> = {
  ArgumentError,
  CheckError,
  DTypeError,
  FormatError,
  IndexError,
  ShapeError,
  StargradError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Causes of causes that are sent; an error may be its own cause. */
const mostCauses = 20;

export function sendError(error: unknown, depth = 0): SentError {
  if (!(error instanceof Error)) return { thrown: isPlain(error) ? error : String(error) };
  const { name, message, stack, cause } = error;
  const isSent = cause !== undefined && depth < mostCauses;
  return {
    name,
    message,
    stack,
    fields: Object.fromEntries(Object.entries(error).filter(([, value]) => isPlain(value))),
    cause: isSent ? sendError(cause, depth + 1) : undefined,
  };
}

/** Makes the error again, of its class if this library or the language has it, with its own stack. `note`: a last line of the stack */
export function receiveError(sent: SentError, note?: string): unknown {
  if ("thrown" in sent) return sent.thrown;
  const { name, message, stack, fields, cause } = sent;
  const error = new Error(message, cause === undefined ? undefined : { cause: receiveError(cause) });
  const kind = Object.hasOwn(classes, name) ? classes[name] : Error;
  Object.setPrototypeOf(error, kind.prototype as object);
  const define = (field: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, field, { value, enumerable, writable: true, configurable: true });
  };
  if (error.name !== name) define("name", name, false);
  for (const [field, value] of Object.entries(fields)) define(field, value, true);
  const trace = [stack ?? `${name}: ${message}`, ...(note === undefined ? [] : [`    ${note}`])].join("\n");
  define("stack", trace, false);
  return error;
}

function isPlain(value: unknown): boolean {
  return !["object", "function", "symbol"].includes(typeof value) || value === null;
}
