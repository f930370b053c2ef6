import { ArgumentError } from "@stargrad/graph";

/** Which functions are being called only to see what they would compute. */
interface State {
  /** A function that is recorded: see `record`. */
  readonly recorded: boolean;
  /** The function of a loop: see `traceLoop`. */
  readonly traced: boolean;
}

let state: State = { recorded: false, traced: false };

/** Whether a function is being recorded, or traced for a loop: then nothing is computed, and no value is known. */
export function isRecording(): boolean {
  return state.recorded || state.traced;
}

/** Calls a function that is recorded, or traced for a loop, within whatever is so already. */
export function whileRecording<T>(what: keyof State, f: () => T): T {
  const outer = state;
  state = { ...outer, [what]: true };
  try {
    return f();
  } finally {
    state = outer;
  }
}

/** Throws while a function is recorded, or traced for a loop. */
export function expectNoRecording(called: string, does: string): void {
  if (state.traced) {
    throw new ArgumentError(
      called,
      `${does} inside of a function that scan loops over, which is called once for all iterations`,
      "Return the tensor as a part of y and read it afterwards, or take a plain loop instead of scan",
    );
  }
  if (!state.recorded) return;
  throw new ArgumentError(
    called,
    `${does} inside of a function that is recorded, which would be made of what it was this once`,
    "Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep",
  );
}
