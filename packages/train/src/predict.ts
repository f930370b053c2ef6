import { formatShape } from "@stargrad/graph";
import type { Layer } from "@stargrad/nn";
import { moduleKind } from "@stargrad/nn/internal";
import { ArgumentError, fromData, Tensor, type TypedArray } from "@stargrad/tensor";
import { count, expectOptions, expectValues, toTensor } from "@stargrad/tensor/internal";

import { enterEval } from "./eval-mode.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

export interface PredictOptions {
  /** The number of rows of each forward pass. Default: 256. */
  readonly batchSize?: number;
}

/**
 * The outputs of a model for many inputs, computed in batches: `predict(model, images)`. The model is in evaluation mode
 * meanwhile; afterwards the mode of each module is restored. Each call records the forward pass (see `jit`) if possible;
 * otherwise it calls `forward` for every batch. The result has no gradient.
 *
 * Shapes: x [N, …] -> [N, …], the rows that `forward` returns
 * Defaults: batchSize 256
 * Throws: ArgumentError if x has no axes, if batchSize is not an integer of at least 1, or if `forward` does not return one
 * row for each row; the errors of `forward`
 * Source: keras.Model.predict
 */
export async function predict(model: Layer, x: Tensor, options: PredictOptions = {}): Promise<Tensor> {
  expectOptions("predict", options, { batchSize: count });
  expectValues("predict", { model }, moduleKind);
  const { batchSize = 256 } = options;
  const all = toTensor("predict", x);
  if (all.ndim === 0) throw new ArgumentError("predict", "got a scalar; expected rows along the first axis");
  const forward = recordedIfPossible((rows: Tensor): Tensor => model.forward(rows));
  const leave = enterEval("predict", model);
  try {
    const total = all.shape[0];
    let outputs: TypedArray | null = null;
    let row: readonly number[] = [];
    for (let start = 0; start === 0 || start < total; start += batchSize) {
      const rows = Math.min(batchSize, total - start);
      const output = forward(all.narrow(0, start, rows).detach());
      expectRows(output, rows);
      const data = await output.data();
      row = output.shape.slice(1);
      outputs ??= new (data.constructor as new (length: number) => TypedArray)(
        total * row.reduce((size, length) => size * length, 1),
      );
      outputs.set(data, start * (rows === 0 ? 0 : data.length / rows));
    }
    return fromData(outputs ?? new Float32Array(0), [total, ...row]);
  } finally {
    leave();
  }
}

/** Checks the result of `forward` at run time. Throws: ArgumentError unless it is a tensor with one row for each row */
function expectRows(output: unknown, rows: number): void {
  const shape = output instanceof Tensor ? (output as Tensor).shape : null;
  if (shape?.[0] === rows) return;
  const made = shape === null ? "no tensor" : formatShape(shape);
  throw new ArgumentError("predict", `forward returned ${made} for ${rows} rows; expected one row for each`);
}
