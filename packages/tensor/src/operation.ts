import { ArgumentError, StargradError } from "@stargrad/graph";
import { expectOptions, isBranded, nameCalled, writeValue } from "@stargrad/graph/internal";
import { optionKinds, type OptionName } from "./option-kinds.js";
import { toIndices, toOperand, toTensor, toTensors } from "./operands.js";
import { isRefusal, noteRefusal, Tensor } from "./tensor.js";

/**
 * A parameter of a function: one of the readers below; the name of a number, which the function checks further; or the names of the
 * options. If `axis` is the first option, a number or a list of numbers in the options' place is the axis.
 */
export type Parameter = Reader | string | readonly OptionName[];

interface Signature {
  readonly called: string;
  readonly parameters: readonly Parameter[];
}

const isTensor = /* @__PURE__ */ isBranded("Tensor");

/** Reads an argument. */
interface Reader {
  /** What stands for the argument in errors that show how to call the function; undefined for a letter. */
  readonly example: string | undefined;
  /** Whether it returns a tensor as it is, so that it need not be called for one. */
  readonly keepsTensor: boolean;
  /** The argument as the function uses it. `other`: the first argument; for the first one, the second. */
  read(signature: Signature, given: unknown, other: unknown): unknown;
}

/**
 * A function as users call it, which reads every argument as its parameter says, and throws for further arguments. All functions of
 * tensors are made by it, and methods are these functions. So what is no tensor and what is no option is found here and nowhere else.
 *
 * Every operation of a training step runs through it: one and two parameters, which are the most frequent, have no further loop, and
 * tensors are not read.
 */
export function operation<Given extends readonly unknown[], Y>(
  called: string,
  parameters: readonly Parameter[],
  compute: (...given: Given) => Y,
): (...given: Given) => Y {
  const signature = { called, parameters };
  const [first, second = nothing, third = nothing, fourth = nothing] = parameters.map(readerOf);
  const run = compute as unknown as (a: unknown, b?: unknown, c?: unknown, d?: unknown) => Y;
  // `arguments` makes no array, which a rest parameter would make at every call.
  /* eslint-disable prefer-rest-params */
  function one(a: unknown): Y {
    try {
      if (arguments.length > 1 && !isCallback(arguments, 1)) throw misplaced(signature, arguments[1], true);
      return run(first.keepsTensor && isTensor(a) ? a : first.read(signature, a, undefined));
    } catch (error) {
      throw named(error, signature);
    }
  }
  function two(a: unknown, b: unknown): Y {
    try {
      if (arguments.length > 2 && !isCallback(arguments, 2)) throw misplaced(signature, arguments[2], true);
      return run(
        first.keepsTensor && isTensor(a) ? a : first.read(signature, a, b),
        second.keepsTensor && isTensor(b) ? b : second.read(signature, b, a),
      );
    } catch (error) {
      throw named(error, signature);
    }
  }
  function upToFour(a: unknown, b: unknown, c: unknown, d: unknown): Y {
    try {
      if (arguments.length > 4) throw misplaced(signature, arguments[4], true);
      return run(
        first.read(signature, a, b),
        second.read(signature, b, a),
        third.read(signature, c, a),
        fourth.read(signature, d, a),
      );
    } catch (error) {
      throw named(error, signature);
    }
  }
  /* eslint-enable prefer-rest-params */
  const checked = [one, two][parameters.length - 1] ?? upToFour;
  return checked as unknown as (...given: Given) => Y;
}

/**
 * The error as it leaves a function. If a function that this one calls has refused its arguments, it names this one, which is what the
 * user called. An error of a computation names the function whose result was computed, and so it stays as it is; so do errors that pass
 * a function with an argument of its own kind (`given`), because it may call a function of the user.
 */
function named(error: unknown, { called, parameters }: Signature): unknown {
  if (error instanceof StargradError) {
    if (error.called === called) noteRefusal(error);
    else if (isRefusal(error) && !parameters.includes(given)) nameCalled(error, called);
  }
  return error;
}

/** Whether further arguments are the index and the list that `tensors.map(exp)` and `tensors.reduce(add)` pass after an element. */
function isCallback(given: IArguments, count: number): boolean {
  const [element, index, list] = Array.from<unknown>(given).slice(count - 1);
  return given.length === count + 2 && Array.isArray(list) && list[index as number] === element;
}

/** The place after the last parameter. */
const nothing = reader("", (signature, given) => {
  if (given !== undefined) throw misplaced(signature, given, true);
});

/** Any argument; the function reads it itself. */
export const given = /* @__PURE__ */ reader("…", (_, argument) => argument);

/** A tensor, or anything that `tensor` accepts. */
export const input = /* @__PURE__ */ reader(undefined, ({ called }, given) => toTensor(called, given), true);

/** Like `input`, but an array takes the element type of the tensor that it is combined with. */
export const factor = /* @__PURE__ */ reader(
  undefined,
  ({ called }, given, other) => toTensor(called, given, other),
  true,
);

/** Like `factor`, but a number or boolean stays one. */
export const operand = /* @__PURE__ */ reader(
  undefined,
  ({ called }, given, other) => toOperand(called, given, other),
  true,
);

/** A tensor of indices, or an array of whole numbers. */
export const indices = /* @__PURE__ */ reader(
  "indices",
  ({ called }, given) => toIndices(called, given),
  true,
);

/** A list of tensors. */
export const tensors = /* @__PURE__ */ reader("[x, y]", (signature, given) => {
  if (!Array.isArray(given)) throw misplaced(signature, given);
  return toTensors(signature.called, given);
});

/** A list of numbers. It is copied: a node keeps it, and the caller may change it. A hole becomes undefined, which is no number. */
export const list = /* @__PURE__ */ reader("[…]", (signature, given) => {
  if (!Array.isArray(given)) throw misplaced(signature, given);
  return [...(given as readonly unknown[])];
});

/** A number or boolean. */
export const literal = /* @__PURE__ */ reader("value", (signature, given) => {
  if (typeof given !== "number" && typeof given !== "boolean") throw misplaced(signature, given);
  return given;
});

/** A number or a list of numbers. */
export const numberOrList = /* @__PURE__ */ reader("[…]", (signature, given) =>
  Array.isArray(given) ? [...(given as readonly unknown[])] : readNumber(signature, given),
);

function reader(example: string | undefined, read: Reader["read"], keepsTensor = false): Reader {
  return { example, keepsTensor, read };
}

function readerOf(parameter: Parameter): Reader {
  if (typeof parameter === "string") return reader(parameter, readNumber);
  return "read" in parameter ? parameter : reader("", optionsReader(parameter));
}

function readNumber(signature: Signature, given: unknown): unknown {
  if (given === undefined || typeof given === "number") return given;
  throw misplaced(signature, given);
}

const none = {};

function optionsReader(names: readonly OptionName[]): Reader["read"] {
  const kinds = Object.fromEntries(names.map((name) => [name, optionKinds[name]]));
  const axisFirst = names[0] === "axis";
  return (signature, given) => {
    if (given === undefined) return none;
    if (axisFirst && (typeof given === "number" || Array.isArray(given))) given = { axis: given as unknown };
    if (given instanceof Tensor) throw misplaced(signature, given);
    expectOptions<object>(signature.called, given as object, kinds);
    return given;
  };
}

function misplaced({ called, parameters }: Signature, given: unknown, isFurther = false): ArgumentError {
  const got = writeValue(given);
  const letters = ["x", "y", "z"];
  const call = parameters.map((each) => {
    if (typeof each === "string") return each;
    return "read" in each ? (each.example ?? letters.shift()) : `{ ${each.join(", ")} }`;
  });
  return new ArgumentError(
    called,
    `got ${got}${isFurther ? " as a further argument" : ""}; expected ${called}(${call.join(", ")})`,
  );
}
