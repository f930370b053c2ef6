import { StargradError, type Storage, type TypedArray } from "@stargrad/graph";
import { shared } from "@stargrad/graph/internal";

/** A program that an asynchronous engine has started. */
interface StartedProgram {
  readonly number: number;
  /** The step that it belongs to; `null` outside of steps. */
  readonly step: string | null;
}

/**
 * The failure of a program. The program, and those started after it until the failure is known, change nothing. So a step may be
 * undone although nothing reads its loss. Then the next read of a later result reports it.
 */
interface Failure {
  readonly error: Error;
  /** The program that failed; the others were only undone. */
  cause: StartedProgram;
}

const state = /* @__PURE__ */ shared("late failures", () => ({
  count: 0,
  /** Describes the current step; `null` outside of steps. */
  describeStep: null as (() => string) | null,
  /** By result: the program that computes it. */
  programs: new WeakMap<Storage, StartedProgram>(),
  failures: new WeakMap<Error, Failure>(),
  /** The failures that no read has reported. */
  unreported: new Set<Failure>(),
}));

/** Calls f. Errors of programs that f starts name this step, also if they arrive later. */
export function inStep<T>(describe: () => string, f: () => T): T {
  const outer = state.describeStep;
  state.describeStep = describe;
  try {
    return f();
  } finally {
    state.describeStep = outer;
  }
}

export function beginProgram(): StartedProgram {
  return { number: ++state.count, step: state.describeStep?.() ?? null };
}

export function noteResults(results: readonly Storage[], program: StartedProgram): void {
  for (const result of results) state.programs.set(result, program);
}

/** Called for every program that an error undoes, in reverse order of their start: the last call is for the cause. */
export function noteFailure(error: Error, program: StartedProgram): void {
  const known = state.failures.get(error);
  if (known !== undefined) {
    known.cause = program;
    return;
  }
  const failure = { error, cause: program };
  state.failures.set(error, failure);
  state.unreported.add(failure);
}

/** Reads elements. Throws: the error of the program that computes them, or of an earlier one that no read has reported. */
export async function readElements(storage: Storage): Promise<TypedArray> {
  let elements;
  try {
    elements = await storage.read();
  } catch (error) {
    throw reported(error, state.programs.get(storage));
  }
  const number = state.programs.get(storage)?.number ?? Infinity;
  for (const failure of state.unreported) {
    if (failure.cause.number > number) continue;
    state.unreported.delete(failure);
    const { error, cause } = failure;
    const problem = "an earlier computation failed, which undid it and those started after it";
    throw new StargradError(cause.step ?? "data", `${problem}: ${error.message}`, undefined, {
      cause: error,
    });
  }
  return elements;
}

/** The error for a result of this program. If another program failed, and this one was only undone, the error says so. */
function reported(error: unknown, program: StartedProgram | undefined): unknown {
  const failure = error instanceof Error ? state.failures.get(error) : undefined;
  if (failure === undefined) return error;
  state.unreported.delete(failure);
  const { cause } = failure;
  if (program === undefined || program.step === cause.step) return error;
  return new StargradError(
    program.step ?? "data",
    `was undone, because ${cause.step ?? "an earlier computation"} failed: ${failure.error.message}`,
    undefined,
    { cause: error },
  );
}
