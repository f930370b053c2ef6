import { setImmediate } from "node:timers/promises";

/**
 * Runs `restore` before Ctrl-C ends the program, so that the terminal is left as it was found. Returns a function that
 * takes this back.
 */
export function beforeInterrupt(restore: () => void): () => void {
  const listener = (): void => {
    restore();
    // What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
    process.exit(130);
  };
  process.once("SIGINT", listener);
  return () => process.removeListener("SIGINT", listener);
}

/** Lets timers and Ctrl-C through: waiting for figures alone never leaves the queue of promises. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
