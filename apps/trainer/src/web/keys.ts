export type Key =
  "play" | "stage-back" | "stage-on" | "try-back" | "try-on" | "first" | "last" | "prove" | "fork" | "undo";

/** What a key does here; null where the focused field needs it, or if it does nothing. */
export function keyFor(event: KeyboardEvent): Key | null {
  const target = event.target instanceof Element ? event.target : null;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (target?.closest("dialog") != null) return null;
  if (event.key === "Escape") return "undo";
  if (target?.closest("input, select, textarea") != null) return null;
  const isPressable = target?.closest("button, a, summary, [role=button]") != null;
  if (event.key === " ") return isPressable ? null : "play";
  if (event.key === "ArrowLeft") return event.shiftKey ? "try-back" : "stage-back";
  if (event.key === "ArrowRight") return event.shiftKey ? "try-on" : "stage-on";
  if (event.key === "Home") return "first";
  if (event.key === "End") return "last";
  // Single letters only beside a picture or a knob: elsewhere they may belong to a reader of the screen.
  if (target?.closest(".picture, .knobs, main") == null) return null;
  if (event.key === "p" || event.key === "P") return "prove";
  if (event.key === "f" || event.key === "F") return "fork";
  return null;
}

/** What keys move: a lesson. */
export interface Keyed {
  readonly try: number;
  readonly present: { readonly first: number; readonly last: number };
  play(): unknown;
  turn(by: 1 | -1): void;
  moveTo(number: number): void;
  prove(): unknown;
  undo(): void;
}

/** Does what a key of the keyboard does in every lesson. */
export function pressed(event: KeyboardEvent, lesson: Keyed, acts: Partial<Record<Key, () => void>>): void {
  const key = keyFor(event);
  if (key === null) return;
  event.preventDefault();
  const { present } = lesson;
  const usual: Record<Key, () => unknown> = {
    play: () => {
      lesson.play();
    },
    "stage-back": () => {
      lesson.turn(-1);
    },
    "stage-on": () => {
      lesson.turn(1);
    },
    "try-back": () => {
      lesson.moveTo(lesson.try - 1);
    },
    "try-on": () => {
      lesson.moveTo(lesson.try + 1);
    },
    first: () => {
      lesson.moveTo(present.first);
    },
    last: () => {
      lesson.moveTo(present.last);
    },
    prove: () => lesson.prove(),
    fork: () => undefined,
    undo: () => {
      lesson.undo();
    },
  };
  (acts[key] ?? usual[key])();
}
