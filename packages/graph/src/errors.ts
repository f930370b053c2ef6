/**
 * Every error Stargrad throws on purpose. The message always reads
 * `what was called: what it got and what it expected. What to try.`
 */
export class StargradError extends Error {
  override readonly name: string = "StargradError";
  /** What was called, as the user wrote it: `matmul`, `DataLoader`, `Linear`. */
  readonly called: string;
  /** What to try, when there is a good guess. */
  readonly hint: string | undefined;

  constructor(called: string, problem: string, hint?: string, options?: ErrorOptions) {
    super(hint === undefined ? `${called}: ${problem}` : `${called}: ${problem}. ${hint}`, options);
    this.called = called;
    this.hint = hint;
  }
}

/** The shapes, ranks or axes do not fit the operation. */
export class ShapeError extends StargradError {
  override readonly name = "ShapeError";
}

/** The element types do not fit the operation. */
export class DTypeError extends StargradError {
  override readonly name = "DTypeError";
}

/** An index, or a value used as one, is outside its axis. */
export class IndexError extends StargradError {
  override readonly name = "IndexError";
}

/** An argument's value is outside what the operation is defined for. */
export class ArgumentError extends StargradError {
  override readonly name = "ArgumentError";
}

/** A `check` found something when it was computed. */
export class CheckError extends StargradError {
  override readonly name = "CheckError";
  /** What was found: the number that the check should have found to be 0. */
  readonly code: number;

  constructor(called: string, problem: string, hint: string | undefined, code: number) {
    super(called, problem, hint);
    this.code = code;
  }
}

/**
 * A value is needed that its variable no longer has: only its current and its previous value are kept, and none once it has
 * been disposed of.
 */
export class StaleValueError extends StargradError {
  override readonly name = "StaleValueError";
}
