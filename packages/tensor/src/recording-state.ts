import { ArgumentError } from "@stargrad/graph";
import { shared } from "@stargrad/graph/internal";

/** Whether a function is being called only to record its graph. */
interface State {
  /** Inside of a recorded function: see `record`. */
  recorded: boolean;
  /** Inside of the body of a loop: see `traceLoop`. */
  traced: boolean;
}

const state = /* @__PURE__ */ shared("recording", (): State => ({ recorded: false, traced: false }));

/** Whether a function is being recorded, or traced for a loop. Then nothing is computed, and no value is known. */
export function isRecording(): boolean {
  return state.recorded || state.traced;
}

/** Calls a function with one flag of the state set; a flag that is already set stays set. */
export function whileRecording<T>(what: keyof State, f: () => T): T {
  const outer = state[what];
  state[what] = true;
  try {
    return f();
  } finally {
    state[what] = outer;
  }
}

/** Throws while a function is recorded, or traced for a loop. */
export function expectNoRecording(called: string, does: string): void {
  if (state.traced) {
    throw new ArgumentError(
      called,
      `${does} inside of a function that scan loops over, which is called once for all iterations`,
      "Return the tensor as a part of y and read it afterwards, or use a plain loop instead of scan",
    );
  }
  if (!state.recorded) return;
  throw new ArgumentError(
    called,
    `${does} inside of a function that is recorded; every later call would repeat its result of this one call`,
    "Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep",
  );
}
