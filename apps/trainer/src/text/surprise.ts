/**
 * How surprising each character of a text is after the one before it: −ln of its frequency there, counted in the text
 * itself and increased by one for each of its different characters. The first one is counted among all.
 *
 * Units: nats
 */
export function surprisesOf(text: string): number[] {
  const characters = Array.from(text);
  const kinds = new Set(characters).size;
  const count = (values: Iterable<string>): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };
  const [singles, befores] = [count(characters), count(characters.slice(0, -1))];
  const pairs = count(characters.slice(1).map((character, i) => characters[i] + character));
  return characters.map((character, i) => {
    const of = i === 0 ? characters.length : (befores.get(characters[i - 1]) ?? 0);
    const seen = (i === 0 ? singles.get(character) : pairs.get(characters[i - 1] + character)) ?? 0;
    return -Math.log((seen + 1) / (of + kinds));
  });
}
