/**
 * Runs `restore` before Ctrl-C ends the program, so that the terminal is restored. Returns a function that removes this
 * handler.
 */
export function beforeInterrupt(restore: () => void): () => void {
  const listener = (): void => {
    restore();
    // The exit status that shells report for a program that Ctrl-C ended: 128 + SIGINT.
    process.exit(130);
  };
  process.once("SIGINT", listener);
  return () => process.removeListener("SIGINT", listener);
}
