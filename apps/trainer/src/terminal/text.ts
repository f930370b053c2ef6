/** Breaks a text into lines of at most `width` characters, between words; a number and its % stay together. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ (?!%)/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width || line === "") {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}

/** The width of lines of words: at most 78 columns, and fewer in a narrow terminal, which would break lines inside of words. */
export function lineWidth({ columns }: { readonly columns?: number }): number {
  return Math.max(20, Math.min(columns || 80, 80) - 2);
}

/** The seconds since a `performance.now()`, at least 0, because a clock may be set back while a computer sleeps. */
export function secondsSince(started: number): number {
  return Math.max(0, performance.now() - started) / 1000;
}

/** Places blocks of lines next to each other. All lines of a block must have the same width. */
export function sideBySide(blocks: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: height }, (_, row) =>
    blocks
      .map((block, i) => block[row] ?? " ".repeat(widths[i]))
      .join("  ")
      .trimEnd(),
  );
}

const blocks = "▁▂▃▄▅▆▇█";

/** Draws a curve with one character per value, on a logarithmic scale from the smallest to the largest value. */
export function sparkline(values: readonly number[]): string {
  const heights = values.map((value) => Math.log(value));
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  return heights
    .map((height) => blocks[Math.round(((height - low) / (high - low || 1)) * (blocks.length - 1))])
    .join("");
}
