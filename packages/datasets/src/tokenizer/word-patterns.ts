import type { Fail } from "../fail.js";

/** What JavaScript writes otherwise: its \s has other characters than that of other languages, and its \d only ten. */
const escapes: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  r: "\\r",
  n: "\\n",
  t: "\\t",
};

/** Letters with a third form, which a comparison without case finds, too. */
const thirdForms: Readonly<Record<string, string>> = { s: "\u017f", k: "\u212a" };

/**
 * A pattern of words, written for Oniguruma, as a regular expression of JavaScript with the same matches. Quantifiers of groups, which can
 * take exponential time, are refused, and everything that would match otherwise.
 *
 * Throws: FormatError for what is not known here
 */
export function wordRegExp(pattern: string, fail: Fail): RegExp {
  const refuse = (part: string): never => {
    throw fail(
      `its pattern of words has ${JSON.stringify(part)}, which is not known here: ${JSON.stringify(pattern.slice(0, 200))}`,
    );
  };
  if (pattern === "" || pattern.length > 4000) return refuse(`${pattern.length} characters`);
  // Escapes, classes, the beginnings of groups, quantifiers, and single characters.
  const parts =
    pattern.match(/\\[pP]\{\^?\w+\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:i:|:|=|!)|\{\d+(?:,\d*)?\}|./gsu) ?? [];
  /** For each open group, whether it ignores case. */
  const groups: boolean[] = [];
  let [written, before] = ["", ""];
  for (const part of parts) {
    const ignoresCase = groups.includes(true);
    if (part.startsWith("\\")) written += escaped(part, refuse);
    else if (part.startsWith("[") && part.length > 1) {
      if (ignoresCase || /\[|&&/.test(part.slice(1, -1).replace(/\\./g, ""))) refuse(part);
      written += part
        .replace(/\\[pP]\{\^?\w+\}|\\./gsu, (each) => escaped(each, refuse))
        .replace(/(?<=^\[\^?)-|-(?=\]$)/g, "\\-");
    } else if (part.startsWith("(")) {
      groups.push(part === "(?i:");
      written += part === "(?i:" || part === "(" ? "(?:" : part;
    } else if (part === ")") {
      if (groups.pop() === undefined) refuse(part);
      written += part;
    } else if (part.startsWith("{") || "*+?".includes(part)) {
      const isQuantified = before.startsWith("{")
        ? part !== "?"
        : "*+?".includes(before) && before !== "" && part !== "?";
      if (
        part === "{" ||
        isQuantified ||
        before === "" ||
        "(|".includes(before[0]) ||
        (before === ")" && part !== "?")
      )
        refuse(`${before}${part}`);
      written += part;
    } else if (".^$]}".includes(part)) refuse(part);
    else written += ignoresCase && /[a-z]/i.test(part) ? anyCase(part) : part;
    before = part;
  }
  if (groups.length > 0) refuse("(");
  try {
    return new RegExp(written, "gu");
  } catch {
    return refuse(pattern.slice(0, 40));
  }
}

function escaped(part: string, refuse: (part: string) => never): string {
  if (
    /^\\[pP]\{(L|N|P|S|M|Z|C|Lu|Ll|Lt|Lm|Lo|Mn|Mc|Me|Nd|Nl|No|Pc|Pd|Ps|Pe|Pi|Pf|Po|Sm|Sc|Sk|So|Zs|Zl|Zp|Han)\}$/.test(
      part,
    )
  ) {
    return part === "\\p{Han}" || part === "\\P{Han}" ? part.replace("Han", "Script=Han") : part;
  }
  const character = part.slice(1);
  if (character in escapes) return escapes[character];
  return /^[\w]/.test(character) || character.length > 1
    ? refuse(part)
    : /[\^$.*+?()[\]{}|/\\-]/.test(character)
      ? part
      : character;
}

function anyCase(letter: string): string {
  const small = letter.toLowerCase();
  return `[${small}${small.toUpperCase()}${thirdForms[small] ?? ""}]`;
}

/** The matches of a pattern, and what is between them. */
export function divide(text: string, pattern: RegExp): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (found === "") continue;
    if (index > at) pieces.push(text.slice(at, index));
    pieces.push(found);
    at = index + found.length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}
