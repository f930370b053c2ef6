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

/** Puts blocks of lines next to each other. Every line of a block must take up as many columns as its first. */
export function sideBySide(blocks: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: height }, (_, row) =>
    blocks
      .map((block, i) => block[row] ?? " ".repeat(widths[i]))
      .join("  ")
      .trimEnd(),
  );
}

/** A number small enough to read aloud: three digits that count. */
export function short(value: number): string {
  return value.toPrecision(3);
}

/** A fraction as a percentage, with a digit after the point where it is small, or as many as asked for. */
export function percent(fraction: number, digits = Math.abs(fraction) < 0.0995 ? 1 : 0): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

const blocks = "▁▂▃▄▅▆▇█";

/** A curve of one character per value, on a logarithmic scale from the smallest to the largest. */
export function sparkline(values: readonly number[]): string {
  const heights = values.map((value) => Math.log(value));
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  return heights
    .map((height) => blocks[Math.round(((height - low) / (high - low || 1)) * (blocks.length - 1))])
    .join("");
}
