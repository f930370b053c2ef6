import { brand } from "./brand.js";

/**
 * The base class of all errors that Stargrad throws deliberately. The message has the form
 * `what was called: what it got and what it expected. What to try.`
 */
export class StargradError extends Error {
  static {
    brand(this, "StargradError");
  }

  override readonly name: string = "StargradError";
  /** The name of the function or class that was called, as the user wrote it: `matmul`, `DataLoader`, `Linear`. */
  readonly called: string;
  /** What the user should try; `undefined` for no hint. */
  readonly hint: string | undefined;

  constructor(called: string, problem: string, hint?: string, options?: ErrorOptions) {
    super(hint === undefined ? `${called}: ${problem}` : `${called}: ${problem}. ${hint}`, options);
    this.called = called;
    this.hint = hint;
  }
}

/** Makes an error name another function as the one that was called: the outer one, of which the user knows. */
export function nameCalled(error: StargradError, called: string): void {
  const { message } = error;
  error.message = called + message.slice(error.called.length);
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
  (error as { called: string }).called = called;
}

/** The shapes, ranks or axes do not fit the operation. */
export class ShapeError extends StargradError {
  static {
    brand(this, "ShapeError");
  }

  override readonly name = "ShapeError";
}

/** The element types do not fit the operation. */
export class DTypeError extends StargradError {
  static {
    brand(this, "DTypeError");
  }

  override readonly name = "DTypeError";
}

/** An index, or a value used as one, is outside its axis. */
export class IndexError extends StargradError {
  static {
    brand(this, "IndexError");
  }

  override readonly name = "IndexError";
}

/** An argument's value is outside what the operation is defined for. */
export class ArgumentError extends StargradError {
  static {
    brand(this, "ArgumentError");
  }

  override readonly name = "ArgumentError";
}

/** A `check` found a nonzero code when it was computed. */
export class CheckError extends StargradError {
  static {
    brand(this, "CheckError");
  }

  override readonly name = "CheckError";
  /** The nonzero code that the check found. */
  readonly code: number;

  constructor(called: string, problem: string, hint: string | undefined, code: number) {
    super(called, problem, hint);
    this.code = code;
  }
}

/**
 * A computation needs a value that its variable no longer keeps. A variable keeps its current and its previous value, and none
 * after `dispose`.
 */
export class StaleValueError extends StargradError {
  static {
    brand(this, "StaleValueError");
  }

  override readonly name = "StaleValueError";
}
