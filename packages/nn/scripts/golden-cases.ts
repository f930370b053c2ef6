import { readdirSync, readFileSync } from "node:fs";

import { tensor, type Tensor } from "@stargrad/tensor";

/*
 * The files that golden/*.py wrote with PyTorch in float64, in the one form in which they are compared.
 */

/** A tensor as the files hold it: float64 unless it says otherwise, NaN as null. */
export interface Golden {
  readonly shape: readonly number[];
  readonly data: readonly (number | null)[];
  readonly dtype?: "int32" | "bool";
}

/** One call of a layer or a loss, and what came of it. */
export interface GoldenCase {
  /** What is exported under this name. */
  readonly name: string;
  /** What a layer is made of, before its options. */
  readonly arguments: readonly unknown[];
  /** The options of a layer, or of a loss. */
  readonly options: object;
  /** Whether the layer was being trained. */
  readonly training: boolean;
  /** Its parameters and buffers. */
  readonly state: Readonly<Record<string, Golden>>;
  readonly inputs: readonly Golden[];
  /** Options of the call that are tensors. */
  readonly tensors: Readonly<Record<string, Golden>>;
  /** Options of the call that are none, and how a stack is built. */
  readonly flags: object;
  readonly outputs: Readonly<Record<string, Golden>>;
  /** dL/dy of every output. */
  readonly gradients: Readonly<Record<string, Golden>>;
  /** dL/dx of every input and then of every tensor, or null where there is none. */
  readonly inputGradients: readonly (Golden | null)[];
  readonly stateGradients: Readonly<Record<string, Golden>>;
  /** What the state became, if the layer itself changes it. */
  readonly stateAfter: Readonly<Record<string, Golden>>;
}

/** A case as it is written: layers and losses with one output leave out what others need. */
interface Written extends Partial<Omit<GoldenCase, "name">> {
  readonly layer?: string;
  readonly loss?: string;
  readonly input?: Golden;
  readonly output?: Golden;
  readonly gradient?: Golden;
  readonly inputGradient?: Golden;
}

const folder = new URL("../golden/", import.meta.url);

/** Files that hold something else. */
const others = ["init.json", "running-statistics.json", "summary.json"];

/** What a file holds, which the caller says the type of. */
export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}

/** All cases of all files. */
export function goldenCases(): GoldenCase[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json") && !others.includes(name));
  return files.sort().flatMap((name) => (readGolden(name) as Written[]).map(completed));
}

function completed({ layer, loss, input, output, gradient, inputGradient, ...written }: Written): GoldenCase {
  return {
    name: layer ?? loss ?? "",
    arguments: [],
    options: {},
    training: true,
    state: {},
    inputs: input === undefined ? [] : [input],
    tensors: {},
    flags: {},
    outputs: output === undefined ? {} : { output },
    gradients: gradient === undefined ? {} : { output: gradient },
    inputGradients: inputGradient === undefined ? [] : [inputGradient],
    stateGradients: {},
    stateAfter: {},
    ...written,
  };
}

/** A tensor of a file, its real numbers in the given type. */
export function restore({ shape, data, dtype }: Golden, float: "float32" | "float64"): Tensor {
  const numbers = Float64Array.from(data, (value) => value ?? NaN);
  return tensor(numbers, { shape, dtype: dtype ?? float });
}

/** `Conv2d of [2, 3, 8, 7] {"stride":2}`: what a case is about. */
export function titleOf({ name, inputs, options, flags, training }: GoldenCase): string {
  const shape = inputs[0].shape.join(", ");
  return `${name} of [${shape}] ${JSON.stringify({ ...options, ...flags })}${training ? "" : " in eval"}`;
}
