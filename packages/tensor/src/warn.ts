/** The part of `console` used here; every host provides it. (`default-engine.ts` is bundled apart, so it has its own.) */
declare const console: { warn(message: string): void };

/** Prints a warning: for what is allowed, but usually a mistake. */
export function warn(message: string): void {
  console.warn(message);
}
