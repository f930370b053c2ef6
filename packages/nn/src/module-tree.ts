import { Buffer, Parameter, Variable } from "@stargrad/autograd";
import { formatShape } from "@stargrad/tensor";
import { alignColumns, formatCount } from "./table.js";

/** The interface of a module that a tree needs. */
export interface TreeModule<M> {
  describe(): string;
  /** The variables and modules in its own fields. */
  parts(): Iterable<readonly [name: string, part: Variable | M]>;
}

/** A module and its position in a model. */
export interface Branch<M> {
  /** Its path, `encoder.0`; empty for the model itself. */
  readonly name: string;
  readonly module: M;
  /** The number of modules that contain it. */
  readonly depth: number;
  /** The first path of the same module, if this is not the first; otherwise null. */
  readonly sameAs: string | null;
  /** The text of the row, with the lines of the tree: `│  └─ 0: Linear(2, 8)`. */
  readonly label: string;
}

/** A model and all modules inside, depth first. A repeated module is listed again, but not its contents. */
export function branchesOf<M extends TreeModule<M>>(model: M): Branch<M>[] {
  const branches: Branch<M>[] = [];
  const paths = new Map<M, string>();
  const visit = (module: M, path: readonly string[], lines: string, title: string): void => {
    const name = path.join(".");
    const sameAs = paths.get(module) ?? null;
    const what = sameAs === null ? module.describe() : `the same as ${sameAs}`;
    branches.push({ name, module, depth: path.length, sameAs, label: `${title}${what}` });
    if (sameAs !== null) return;
    paths.set(module, name);
    const children = [...module.parts()].flatMap(([part, value]) =>
      value instanceof Variable ? [] : [{ part, child: value }],
    );
    for (const [i, { part, child }] of children.entries()) {
      const [joint, below] = i === children.length - 1 ? ["└─ ", "   "] : ["├─ ", "│  "];
      visit(child, [...path, part], `${lines}${below}`, `${lines}${joint}${part}: `);
    }
  };
  visit(model, [], "", "");
  return branches;
}

/** The parameters in a module's own fields. Unlike `parameters()`, this does not name them. */
export function ownParameters<M>(module: TreeModule<M>): Parameter[] {
  return [...module.parts()].flatMap(([, part]) => (part instanceof Parameter ? [part as Parameter] : []));
}

/** The parameters of a module and of all modules inside, each once. */
function parametersIn<M extends TreeModule<M>>(module: M): Set<Parameter> {
  const modules = new Set([module]);
  const parameters = new Set<Parameter>();
  // The loop also visits the modules that are added to the set during the iteration.
  for (const each of modules) {
    for (const [, part] of each.parts()) {
      if (part instanceof Parameter) parameters.add(part as Parameter);
      else if (!(part instanceof Variable)) modules.add(part);
    }
  }
  return parameters;
}

export function countElements(parameters: Iterable<Parameter>): number {
  return [...parameters].reduce((sum, { size }) => sum + size, 0);
}

/**
 * A model as a tree. Each row has the number of parameters in the module, with shared ones counted once, and the shapes of
 * the module's own parameters.
 */
export function writeTree<M extends TreeModule<M>>(model: M): string {
  const rows = branchesOf(model).map(({ module, depth, sameAs, label }) => {
    if (sameAs !== null) return [label, "", ""];
    const count = countElements(parametersIn(module));
    const own = writeVariables(module);
    const unit = count === 1 ? "parameter" : "parameters";
    if (depth > 0) return [label, count === 0 ? "" : formatCount(count), own];
    return [label, formatCount(count), own === "" ? unit : `${unit}: ${own}`];
  });
  return alignColumns(rows, ["left", "right", "left"]);
}

/** `weight [8, 2], bias [8] frozen`: the parameters in a module's own fields, and its buffers. */
function writeVariables<M>(module: TreeModule<M>): string {
  const variables = [...module.parts()].flatMap(([name, part]) =>
    part instanceof Variable ? [{ name, variable: part }] : [],
  );
  const written = variables.map(({ name, variable }) => {
    const dtype = variable.dtype === "float32" ? "" : ` ${variable.dtype}`;
    const frozen = variable instanceof Parameter && !variable.requiresGradient ? " frozen" : "";
    return {
      text: `${name} ${formatShape(variable.shape)}${dtype}${frozen}`,
      isBuffer: variable instanceof Buffer,
    };
  });
  const [parameters, buffers] = [false, true].map((kept) =>
    written.filter(({ isBuffer }) => isBuffer === kept).map(({ text }) => text),
  );
  return [parameters.join(", "), buffers.length === 0 ? "" : `buffers ${buffers.join(", ")}`]
    .filter((text) => text !== "")
    .join("; ");
}
