// Sentences whose numbers have marks: a page lights a number and its mark together, a terminal prints the text alone.

/** The meaning of a number, which gives it its colour. */
export type Tone = "goal" | "mistake" | "blame" | "promise" | "plus" | "helped" | "hurt";

export interface Linked {
  readonly text: string;
  /** The mark in a picture, or the row of a table, that this number is about. */
  readonly mark: string;
  readonly tone: Tone;
}

export type Rich = readonly (string | Linked)[];

export function linked(text: string, mark: string, tone: Tone): Linked {
  return { text, mark, tone };
}

/** A template of words, numbers, linked numbers and other sentences. */
export function say(
  texts: TemplateStringsArray,
  ...values: readonly (string | number | Linked | Rich)[]
): Rich {
  const parts: (string | Linked)[] = [];
  const add = (part: string | Linked): void => {
    const last = parts.length - 1;
    if (typeof part === "string" && typeof parts[last] === "string") parts[last] += part;
    else if (part !== "") parts.push(part);
  };
  texts.forEach((text, i) => {
    add(text);
    if (i >= values.length) return;
    const value = values[i];
    if (Array.isArray(value)) value.forEach(add);
    else add(typeof value === "number" ? String(value) : (value as string | Linked));
  });
  return parts;
}

/** The text alone. */
export function plain(words: Rich): string {
  return words.map((part) => (typeof part === "string" ? part : part.text)).join("");
}
