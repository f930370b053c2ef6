/** Resolves in the next turn of the event loop, after all tasks that are already queued. */
export function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
