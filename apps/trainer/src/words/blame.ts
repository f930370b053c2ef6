import { signed } from "./numbers.js";

/** Where a knob should move: ▲ up if more of it makes the mistake smaller, ▼ down if it makes the mistake larger. */
export function arrowOf(blame: number): "" | "▲" | "▼" {
  if (blame === 0) return "";
  return blame < 0 ? "▲" : "▼";
}

/** A blame as it is written everywhere: its sign, its size, and the arrow that points where the knob should move. */
export function blameText(blame: number, digits = 3): string {
  return blame === 0 ? "0" : `${signed(blame, digits)} ${arrowOf(blame)}`;
}

/** Where a knob should move, in words. */
export function turnWords(blame: number): string {
  if (blame === 0) return "leave it";
  return `turn it ${blame < 0 ? "up" : "down"} ${arrowOf(blame)}`;
}

/** What the sign and the arrow of a blame mean. */
export const blameNote =
  "Blame: how the mistake changes when this knob is turned up. − shrinks it, so ▲ turn up; + grows it, so ▼ turn down.";
