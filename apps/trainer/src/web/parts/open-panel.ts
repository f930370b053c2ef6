import { prefersStillness } from "../theme.svelte.js";

/** Brings the first of some panels that is on the page into view, and gives it the focus. */
export function openPanel(...ids: readonly string[]): void {
  const panel = ids.map((id) => document.getElementById(id)).find((found) => found !== null);
  panel?.scrollIntoView({ block: "nearest", behavior: prefersStillness() ? "auto" : "smooth" });
  panel?.focus({ preventScroll: true });
}
