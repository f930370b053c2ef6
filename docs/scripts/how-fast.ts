/** The section of the README about speed, for the page of benchmarks: the table is written once. */
export function howFast(readme: string): string {
  const section = /^## How fast\n([^]*?)^## /m.exec(readme)?.[1]?.trim();
  if (section === undefined)
    throw new Error("the README has no section “How fast”, which docs/benchmarks.md shows");
  return (
    section.replaceAll(/\]\((?![a-z]+:)([^)#]+)\)/g, "](https://github.com/stargrad/stargrad/tree/main/$1)") +
    "\n"
  );
}
