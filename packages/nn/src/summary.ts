import type { Parameter } from "@stargrad/autograd";
import { ArgumentError, formatShape, type Shape } from "@stargrad/tensor";
import { dryRun, type ModelInputs, type OutputShapeOptions } from "./dry-run.js";
import { recordCalls, type ModuleCalls } from "./module-calls.js";
import { branchesOf, countElements, ownParameters, type Branch } from "./module-tree.js";
import type { Module } from "./module.js";
import { alignColumns, formatCount } from "./table.js";

export interface SummaryOptions extends OutputShapeOptions {
  /** How deep a module may stand to have a row of its own; what is deeper counts to what it stands in. Default: any. */
  readonly depth?: number;
}

/** What a module adds to the model: whatever is counted here is counted in no other row. */
export interface SummaryRow {
  /** Its path, `encoder.0`; empty for the model itself. */
  readonly name: string;
  /** The module as it was made: `Linear(2, 8)`. */
  readonly layer: string;
  /** Under which path it stood before, if this is not its first; null if it is. */
  readonly sameAs: string | null;
  /** The shapes of what each call of it returned. */
  readonly outputs: readonly (readonly Shape[])[];
  /** The number of parameters that no row before has. */
  readonly parameters: number;
  /** The number of parameters that it shares with a row before. */
  readonly sharedParameters: number;
  /** The number of multiplications, each followed by an addition, in the matrix products of all its calls. */
  readonly multiplyAdds: number;
}

/** What a model is made of and what it takes to use it once. Its rows add up to its totals. */
export class Summary {
  readonly rows: readonly SummaryRow[];
  /** The number of parameters, each counted once however often it is used. */
  readonly parameters: number;
  /** How many of them are frozen. */
  readonly frozenParameters: number;
  readonly multiplyAdds: number;
  readonly #labels: readonly string[];

  constructor(rows: readonly (SummaryRow & { readonly label: string })[], frozenParameters: number) {
    this.rows = rows.map(({ label, ...row }) => row);
    this.#labels = rows.map(({ label }) => label);
    this.parameters = rows.reduce((sum, row) => sum + row.parameters, 0);
    this.frozenParameters = frozenParameters;
    this.multiplyAdds = rows.reduce((sum, row) => sum + row.multiplyAdds, 0);
  }

  /** A table of the rows, with a line of totals below. */
  toString(): string {
    const rows = this.rows.map((row, i) => [
      this.#labels[i],
      writeOutputs(row.outputs),
      writeParameters(row),
      row.multiplyAdds === 0 ? "" : formatCount(row.multiplyAdds),
    ]);
    const total = ["total", "", formatCount(this.parameters), formatCount(this.multiplyAdds)];
    const frozen = ["frozen", "", formatCount(this.frozenParameters), ""];
    const header = ["layer", "output", "parameters", "multiply-adds"];
    const lines = [header, ...rows, total, ...(this.frozenParameters === 0 ? [] : [frozen])];
    return alignColumns(lines, ["left", "left", "right", "right"]);
  }

  /** What `console.log` prints in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Lists the layers of a model: what each returns, how many parameters it has, and how many multiply-adds its matrix
 * products take, `M · K · N` for `[M, K] × [K, N]`. Convolutions, attention and recurrent layers are matrix products too;
 * what is computed element by element is not counted.
 *
 * The model is called once, in `eval`, and nothing of that is computed, unless its `forward` itself reads a value: then on
 * the examples that were given, or on zeros. It is left as it was, training or not, with its buffers and the shared
 * generator.
 *
 * Shapes: `inputs` is the shape of the input, `[32, 784]`, or an example; of several, a list of shapes, examples and
 *         further arguments of `forward`, which are passed on as they are
 * Units:  parameters and multiply-adds are counts, the latter for the whole batch
 * Throws: ArgumentError if an option does not fit; what `forward` throws if an input does not
 */
export function summary(
  model: Module,
  inputs: ModelInputs,
  { depth = Infinity, ...options }: SummaryOptions = {},
): Summary {
  if (!(depth >= 0)) throw new ArgumentError("summary", `got depth ${depth}; expected at least 0`);
  const branches = branchesOf(model);
  const calls = recordCalls(model.modules(), () => dryRun("summary", model, inputs, options));
  const frozen = model.parameters().filter(({ requiresGradient }) => !requiresGradient);
  return new Summary(rowsOf(branches, calls, depth), countElements(frozen));
}

type Row = SummaryRow & { readonly label: string };

function rowsOf(
  branches: readonly Branch<Module>[],
  calls: ReadonlyMap<Module, ModuleCalls>,
  depth: number,
): Row[] {
  /** The row that has a parameter first. */
  const owners = new Map<Parameter, Branch<Module>>();
  const groups: { readonly first: Branch<Module>; readonly within: Branch<Module>[] }[] = [];
  for (const branch of branches) {
    // What stands too deep comes right after what it stands in.
    if (branch.depth <= depth) groups.push({ first: branch, within: [branch] });
    else groups.at(-1)?.within.push(branch);
  }
  return groups.map(({ first, within }) => {
    const counted = within.filter(({ sameAs }) => sameAs === null).map(({ module }) => module);
    const parameters = new Set(counted.flatMap(ownParameters));
    for (const parameter of parameters) if (!owners.has(parameter)) owners.set(parameter, first);
    const [own, shared] = [true, false].map((isOwn) =>
      [...parameters].filter((parameter) => (owners.get(parameter) === first) === isOwn),
    );
    return {
      name: first.name,
      layer: first.module.describe(),
      sameAs: first.sameAs,
      outputs: first.sameAs === null ? (calls.get(first.module)?.outputs ?? []) : [],
      parameters: countElements(own),
      sharedParameters: countElements(shared),
      multiplyAdds: counted.reduce((sum, module) => sum + (calls.get(module)?.multiplyAdds ?? 0), 0),
      label: first.label,
    };
  });
}

/** `[32, 10]`, `[5, 2, 6], [1, 2, 6]` for several outputs, `[32, 8] ×2` for two calls. */
function writeOutputs(calls: readonly (readonly Shape[])[]): string {
  const written = calls.map((shapes) => shapes.map(formatShape).join(", "));
  return [...new Set(written)]
    .map((text) => {
      const count = written.filter((other) => other === text).length;
      return count === 1 ? text : `${text} ×${count}`;
    })
    .join("; ");
}

function writeParameters({ parameters, sharedParameters }: SummaryRow): string {
  const shared = sharedParameters === 0 ? "" : `(${formatCount(sharedParameters)} shared)`;
  return [parameters === 0 ? "" : formatCount(parameters), shared].filter((text) => text !== "").join(" ");
}
