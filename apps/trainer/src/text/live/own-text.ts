import { decodeUtf8 } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

import { thousands } from "../../words/numbers.js";
import { fewest, fewestDifferent, most, mostDifferent } from "./sizes.js";

/** A text of the visitor: pasted, or the bytes of a file. */
export interface OwnText {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** How many bytes the file has, if not all of them are in `content`. */
  readonly bytes?: number;
}

/**
 * The characters of a text of the visitor. What cannot be learned from is refused with a sentence.
 *
 * Throws: StargradError for a text that is not UTF-8, too short, too long, or of too few or too many different characters
 */
export function textOf({ name, content, bytes }: OwnText): string {
  const refuse = (problem: string, hint: string): never => {
    throw new StargradError(name, problem, hint);
  };
  const size = bytes ?? content.length;
  if (size > 4 * most)
    refuse(`has ${thousands(size)} bytes; at most ${thousands(4 * most)} are read`, "Choose a part of it");
  const decoded = typeof content === "string" ? content : decodeUtf8(content);
  if (decoded === null) return refuse("is not a text in UTF-8", "Save it as UTF-8, or paste the text");
  if (decoded.includes("\0")) refuse("has characters of code 0, so it is no text", "Choose a text file");
  const text = decoded.replace(/\r\n?/g, "\n");
  const characters = Array.from(text).length;
  const isLong = characters > most;
  if (isLong)
    refuse(
      `has ${thousands(characters)} characters; at most ${thousands(most)} are read`,
      "Choose a part of it",
    );
  if (characters < fewest) {
    refuse(
      `has ${thousands(characters)} characters; at least ${thousands(fewest)} are needed`,
      "The longer, the better",
    );
  }
  const different = new Set(text).size;
  if (different > mostDifferent) {
    const problem = `has ${thousands(different)} different characters; this small model learns at most ${mostDifferent}`;
    refuse(problem, "Try a text in an alphabet");
  }
  if (different < fewestDifferent) {
    refuse(
      `has only ${different} different characters; at least ${fewestDifferent} are needed`,
      "Try a story",
    );
  }
  return text;
}
