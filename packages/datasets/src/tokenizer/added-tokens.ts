/** Matches the longest of the added tokens that begin at one place; null if there are none. */
export function addedPattern(added: ReadonlyMap<string, number>): RegExp | null {
  const texts = [...added.keys()].sort((a, b) => b.length - a.length);
  const pattern = texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|");
  return texts.length === 0 ? null : new RegExp(pattern, "g");
}

/** Encodes the parts between added tokens with `encode`. */
export function encodeParts(
  text: string,
  pattern: RegExp | null,
  added: ReadonlyMap<string, number>,
  encode: (part: string, tokens: number[]) => void,
): Int32Array {
  const tokens: number[] = [];
  let at = 0;
  for (const found of pattern === null ? [] : text.matchAll(pattern)) {
    if (found.index > at) encode(text.slice(at, found.index), tokens);
    tokens.push(added.get(found[0]) ?? 0);
    at = found.index + found[0].length;
  }
  if (at < text.length) encode(text.slice(at), tokens);
  return Int32Array.from(tokens);
}
