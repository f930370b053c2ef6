import { ArgumentError, defaultGenerator, Tensor, zeros, type DType, type Shape } from "@stargrad/tensor";
import { expectValues, expectList, snapshot } from "@stargrad/tensor/internal";
import type { Module } from "./module.js";
import { moduleKind } from "./modules.js";

/** The arguments of `forward`: an input or its shape, or a list of inputs, shapes and further arguments. */
export type ModelInputs = Tensor | Shape | readonly unknown[];

export interface OutputShapeOptions {
  /**
   * The element type of the inputs that are given as shapes, one for all or one for each: `"int32"` for an embedding.
   * Default: that of the first parameter.
   */
  readonly dtype?: DType | readonly DType[];
}

/**
 * Calls the `forward` of a model in evaluation mode and returns its result. No values are computed, unless `forward` itself
 * reads a value; the inputs are then the given examples, or zeros. Afterwards the modes, the buffers and the shared generator
 * are restored.
 *
 * Throws: ArgumentError if the number of types is not that of shapes; the errors of `forward` if an input does not fit
 */
export function dryRun(
  called: string,
  model: Module,
  inputs: ModelInputs,
  options: OutputShapeOptions,
): unknown {
  expectValues(called, { model }, moduleKind);
  const { dtype = model.parameters().at(0)?.dtype ?? "float32" } = options;
  return leavingAsItWas(model, () => model.forward(...(inputValues(called, inputs, dtype) as never[])));
}

function inputValues(called: string, inputs: ModelInputs, dtype: DType | readonly DType[]): unknown[] {
  const isOne = inputs instanceof Tensor || isShape(inputs);
  const values = isOne ? [inputs] : expectList(called, inputs, "inputs or their shapes");
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

/** Runs f with the model in evaluation mode, and restores the modes, the buffers and the shared generator. */
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
