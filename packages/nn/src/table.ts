/** Formats rows as aligned columns, each as wide as its widest cell. */
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

/** `1,290`, independent of the locale of the machine. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
