/** Rows of text under each other, each column as wide as its widest cell. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  alignments: readonly ("left" | "right")[],
): string {
  const widths = alignments.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column];
          return alignments[column] === "left" ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `1,290`, whatever the machine's language. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
