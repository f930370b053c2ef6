/** What two pixels look like, the upper in bit 0, the lower in bit 1: a character holds one above the other. */
const characters = " ▀▄█";

/**
 * A picture for a terminal, two rows of pixels per line, which makes pixels about as wide as high. `style` may colour a
 * character, given the pixels in it by their position, row by row.
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
