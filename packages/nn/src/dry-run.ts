import { ArgumentError, defaultGenerator, Tensor, zeros, type DType, type Shape } from "@stargrad/tensor";
import { snapshot } from "@stargrad/tensor/internal";
import type { Module } from "./module.js";

/** What a model is called with: an input or its shape, or a list of inputs, shapes and further arguments of `forward`. */
export type ModelInputs = Tensor | Shape | readonly unknown[];

export interface OutputShapeOptions {
  /**
   * What the inputs are that are given as shapes, one type for all or one for each: `"int32"` for an embedding. Default:
   * that of the first parameter.
   */
  readonly dtype?: DType | readonly DType[];
}

/**
 * Calls the `forward` of a model in `eval` and returns what it returns. Nothing of that is computed, unless `forward` itself
 * reads a value: then it reads the examples that were given, or zeros. The model is left as it was, training or not, with
 * its buffers and the shared generator.
 *
 * Throws: ArgumentError if there are not as many types as shapes; what `forward` throws if an input does not fit
 */
export function dryRun(
  called: string,
  model: Module,
  inputs: ModelInputs,
  { dtype = model.parameters().at(0)?.dtype ?? "float32" }: OutputShapeOptions,
): unknown {
  return leavingAsItWas(model, () => model.forward(...(inputValues(called, inputs, dtype) as never[])));
}

function inputValues(called: string, inputs: ModelInputs, dtype: DType | readonly DType[]): unknown[] {
  const values = inputs instanceof Tensor || isShape(inputs) ? [inputs] : inputs;
  const shapes = values.filter(isShape);
  const dtypes = typeof dtype === "string" ? shapes.map(() => dtype) : dtype;
  if (dtypes.length !== shapes.length) {
    throw new ArgumentError(
      called,
      `got ${dtypes.length} dtypes for ${shapes.length} shapes; expected one for each, or one for all`,
    );
  }
  let shape = 0;
  return values.map((value) => (isShape(value) ? zeros(value, { dtype: dtypes[shape++] }) : value));
}

function isShape(value: unknown): value is Shape {
  return Array.isArray(value) && value.every((length) => typeof length === "number");
}

/** Runs f with the model in `eval`, and takes back whatever f has changed. */
function leavingAsItWas<T>(model: Module, f: () => T): T {
  const training = model.modules().map((module) => [module, module.training] as const);
  const buffers = [...model.namedBuffers().values()].map((buffer) => {
    return { buffer, node: buffer.node, value: snapshot(buffer) };
  });
  const generator = defaultGenerator().state();
  try {
    model.eval();
    return f();
  } finally {
    for (const [module, wasTraining] of training) module.training = wasTraining;
    for (const { buffer, node, value } of buffers) if (buffer.node !== node) buffer.assign(value);
    defaultGenerator().restore(generator);
  }
}
