import ts from "typescript";

import type { PublicName } from "./public-api.js";

/** A name of PyTorch, and the name here that says in its docstring to be computed as that one. */
interface Pair {
  readonly theirs: string;
  readonly ours: string;
  readonly page: string;
}

/** The page that finds a name by that of PyTorch. Its table is read from the docstrings: `Source: torch.nn.Linear`. */
export function pyTorchNames(
  program: ts.Program,
  names: readonly PublicName[],
  pageOf: (name: PublicName) => string,
): string {
  const pairs = names
    .flatMap((each) => pairsOf(program, each, pageOf(each)))
    .sort((a, b) => a.theirs.localeCompare(b.theirs, "en"));
  const rows = pairs.map(({ theirs, ours, page }) => `| \`${theirs}\` | [\`${ours}\`](${page}) |`);
  return [
    "# PyTorch's names",
    "",
    `${rows.length} names of PyTorch, and what computes the same here. The table is made from the docstrings, which name their source.`,
    "Functions of a tensor are also methods: `mean(x)` is `x.mean()`. Names with underscores have none here: `one_hot` is `oneHot`, and",
    "`dim` is the option `axis`. [Coming from PyTorch](/guides/coming-from-pytorch.md) says what differs.",
    "",
    "| PyTorch | Stargrad |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function pairsOf(program: ts.Program, { name, symbol, documentation }: PublicName, page: string): Pair[] {
  const checker = program.getTypeChecker();
  const members = [...(symbol.members?.values() ?? [])].flatMap((member) => {
    const text = ts.displayPartsToString(member.getDocumentationComment(checker));
    return sources(text).map((theirs): Pair => ({ theirs, ours: `${name}.${member.name}`, page }));
  });
  return [...sources(documentation).map((theirs): Pair => ({ theirs, ours: name, page })), ...members];
}

/** The names of PyTorch in the last section of a docstring. */
function sources(documentation: string): string[] {
  const source = /^Source: +([^]*)$/m.exec(documentation)?.[1] ?? "";
  return source.match(/\btorch(?:\.\w+)+/g) ?? [];
}
