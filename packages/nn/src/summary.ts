import type { Parameter } from "@stargrad/autograd";
import { formatShape, type Shape } from "@stargrad/tensor";
import { anything, expectOptions, expectValues } from "@stargrad/tensor/internal";
import { dryRun, type ModelInputs, type OutputShapeOptions } from "./dry-run.js";
import { recordCalls, type ModuleCalls } from "./module-calls.js";
import { branchesOf, countElements, ownParameters, type Branch } from "./module-tree.js";
import type { Module } from "./module.js";
import { moduleKind } from "./modules.js";
import { alignColumns, formatCount } from "./table.js";

export interface SummaryOptions extends OutputShapeOptions {
  /** The largest depth of a module that has its own row; deeper modules are added to the row of their parent. Default: Infinity. */
  readonly depth?: number;
}

/** One module of a model. Everything is counted in exactly one row. */
export interface SummaryRow {
  /** Its path, `encoder.0`; empty for the model itself. */
  readonly name: string;
  /** The constructor call of the module: `Linear(2, 8)`. */
  readonly layer: string;
  /** The first path of the same module, if this is not the first; otherwise null. */
  readonly sameAs: string | null;
  /** The output shapes of each call. */
  readonly outputs: readonly (readonly Shape[])[];
  /** The number of parameters that no earlier row has. */
  readonly parameters: number;
  /** The number of parameters that it shares with an earlier row. */
  readonly sharedParameters: number;
  /** The number of multiplications, each followed by an addition, in the matrix products of all its calls. */
  readonly multiplyAdds: number;
}

/** The modules of a model, and the cost of one forward pass. The totals are the sums of the rows. */
export class Summary {
  readonly rows: readonly SummaryRow[];
  /** The number of parameters; a shared one is counted once. */
  readonly parameters: number;
  /** The number of frozen parameters. */
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

  /** Called by `console.log` in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Lists the layers of a model with their output shapes, numbers of parameters, and numbers of multiply-adds in matrix
 * products, `M · K · N` for `[M, K] × [K, N]`. Convolutions, attention and recurrent layers are matrix products too;
 * elementwise operations are not counted.
 *
 * The model is called once, in evaluation mode. No values are computed, unless its `forward` itself reads a value; the inputs
 * are then the given examples, or zeros. Afterwards the modes, the buffers and the shared generator are restored.
 *
 * Shapes: `inputs` is the shape of the input, `[32, 784]`, or an example; for several inputs, a list of shapes, examples and
 *         further arguments of `forward`, which are passed on unchanged
 * Units:  parameters and multiply-adds are counts, the latter for the whole batch
 * Throws: ArgumentError if an option does not fit; the errors of `forward` if an input does not
 */
export function summary(model: Module, inputs: ModelInputs, options: SummaryOptions = {}): Summary {
  expectOptions<SummaryOptions>("summary", options, {
    depth: ["at least 0", (depth) => typeof depth === "number" && depth >= 0],
    dtype: anything,
  });
  expectValues("summary", { model }, moduleKind);
  const { depth = Infinity, ...others } = options;
  const branches = branchesOf(model);
  const calls = recordCalls(model.modules(), () => dryRun("summary", model, inputs, others));
  const frozen = model.parameters().filter(({ requiresGradient }) => !requiresGradient);
  return new Summary(rowsOf(branches, calls, depth), countElements(frozen));
}

type Row = SummaryRow & { readonly label: string };

function rowsOf(
  branches: readonly Branch<Module>[],
  calls: ReadonlyMap<Module, ModuleCalls>,
  depth: number,
): Row[] {
  /** The first row of each parameter. */
  const owners = new Map<Parameter, Branch<Module>>();
  const groups: { readonly first: Branch<Module>; readonly within: Branch<Module>[] }[] = [];
  for (const branch of branches) {
    // The list is depth first, so a module that is too deep follows its parent.
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
