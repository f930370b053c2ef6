/** The characters for two pixels, one above the other: bit 0 of the index is the upper pixel, bit 1 the lower. */
const characters = " ▀▄█";

/**
 * Formats a picture for a terminal, with two rows of pixels per line, so that pixels are about square. `style` may colour
 * a character; it receives the indices of its two pixels, counted row by row.
 */
export function halfBlocks(
  ink: readonly boolean[],
  columns: number,
  style: (text: string, positions: readonly number[]) => string = (text) => text,
): string[] {
  return Array.from({ length: Math.ceil(ink.length / (2 * columns)) }, (_, line) =>
    Array.from({ length: columns }, (__, column) => {
      const upper = 2 * line * columns + column;
      const lower = upper + columns;
      const character = characters[(ink[upper] ? 1 : 0) + (ink[lower] ? 2 : 0)];
      return character === " " ? character : style(character, [upper, lower]);
    }).join(""),
  );
}
