import { quote, type Fail } from "./errors.js";

/** The deepest nesting of a valid header: the header, one tensor, its shape. */
const deepest = 3;

/** The maximum number of tensors, and of texts in the metadata. The largest models have fewer; a million takes seconds. */
export const mostKeys = 2 ** 17;
export const tooManyKeys = `there are more than ${mostKeys} tensors, or texts of metadata`;

/**
 * `JSON.parse` for a header from an untrusted file. Some things that `JSON.parse` accepts are rejected first: a repeated
 * key, of which it would silently keep the last value; deep nesting and very many keys, which take far more memory and time
 * than the text; numbers with a fraction or an exponent, and half of a surrogate pair, which no other reader accepts.
 */
export function parseHeaderJson(text: string, fail: Fail): unknown {
  try {
    checkTokens(text, fail);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw fail(`the header is not valid JSON: ${error.message}`);
    throw error;
  }
}

/** Looks only at strings, brackets and the characters of fractions. `JSON.parse` checks the rest. */
function checkTokens(text: string, fail: Fail): void {
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
      case ".":
      case "e":
      case "E":
        if (isDigit(text, at - 1)) {
          const number = /[-+.\w]*$/.exec(text.slice(Math.max(0, at - 20), at + 1))?.[0] ?? "";
          throw fail(
            `the header has a number that begins with ${number}; expected whole numbers without exponent`,
          );
        }
        break;
      case '"': {
        const end = endOfString(text, at);
        const string = contentOf(text.slice(at, end), fail);
        if (keyIsNext) addKey(open.at(-1), string, fail);
        keyIsNext = false;
        at = end - 1;
      }
    }
  }
}

/** The string that a literal stands for. Only escapes can produce half of a surrogate pair. */
function contentOf(literal: string, fail: Fail): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  const string = JSON.parse(literal) as string;
  checkSurrogates(string, fail);
  return string;
}

function addKey(keys: Set<string> | null | undefined, key: string, fail: Fail): void {
  if (keys?.has(key)) throw fail(`the header gives the key ${quote(key)} twice`);
  if (keys?.size === mostKeys) throw fail(tooManyKeys);
  keys?.add(key);
}

/** UTF-8 cannot represent a lone surrogate; an encoder would silently replace it and change the text. */
export function checkSurrogates(text: string, fail: Fail): void {
  if (/\p{Surrogate}/u.test(text)) throw fail(`the text ${quote(text)} holds half of a surrogate pair`);
}

function isDigit(text: string, at: number): boolean {
  return at >= 0 && text[at] >= "0" && text[at] <= "9";
}

/** Just past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
