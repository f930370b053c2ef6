/** Resolves when the event loop has come round, after whatever was waiting there. */
export function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
