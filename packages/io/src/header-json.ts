import { quote, type Fail } from "./errors.js";

/** The deepest nesting of a valid header: the header, one tensor, its shape. */
const deepest = 3;

/**
 * `JSON.parse` for a header from an untrusted file. Two things that `JSON.parse` accepts are rejected first: a repeated
 * key, of which it would silently keep the last value, and deep nesting, which takes far more memory than the text.
 */
export function parseHeaderJson(text: string, fail: Fail): unknown {
  try {
    checkKeysAndDepth(text, fail);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw fail(`the header is not valid JSON: ${error.message}`);
    throw error;
  }
}

/** Looks only at strings and brackets. `JSON.parse` checks the rest. */
function checkKeysAndDepth(text: string, fail: Fail): void {
  // One entry per open bracket: the keys seen so far in an object, null in an array.
  const open: (Set<string> | null)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
      case "[":
        open.push(text[at] === "{" ? new Set() : null);
        if (open.length > deepest)
          throw fail(`the header nests deeper than ${deepest} levels, at character ${at}`);
        keyIsNext = text[at] === "{";
        break;
      case "}":
      case "]":
        open.pop();
        keyIsNext = false;
        break;
      case ",":
        keyIsNext = open.at(-1) instanceof Set;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (keyIsNext) {
          const key = JSON.parse(text.slice(at, end)) as string;
          const keys = open.at(-1);
          if (keys?.has(key)) throw fail(`the header gives the key ${quote(key)} twice`);
          keys?.add(key);
          keyIsNext = false;
        }
        at = end - 1;
      }
    }
  }
}

/** Just past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
