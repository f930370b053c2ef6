import type { OwnText } from "../../../text/live/own-text.js";
import type { TextLesson } from "./lesson.svelte.js";

/** The bytes of a file; of one that is too long, only a part, since it will be refused. */
export async function fileText(file: File, most: number): Promise<OwnText> {
  const content = new Uint8Array(await file.slice(0, 4 * most + 1).arrayBuffer());
  return { name: file.name.slice(0, 60), content, bytes: file.size };
}

/** Begins a run with a text of the visitor, with the present settings. */
export function begunWith(lesson: TextLesson, text: OwnText): Promise<void> {
  return lesson.begin(lesson.settings, text);
}
