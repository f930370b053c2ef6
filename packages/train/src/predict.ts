import { formatShape } from "@stargrad/graph";
import type { Layer } from "@stargrad/nn";
import { ArgumentError, fromData, Tensor, type TypedArray } from "@stargrad/tensor";

import { enterEval } from "./eval-mode.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

export interface PredictOptions {
  /** How many rows go through the model at once. Default: 256. */
  readonly batchSize?: number;
}

/**
 * What a model makes of many inputs, batch after batch: `predict(model, images)`. Meanwhile the model is in eval mode; afterwards
 * each of its modules is in the mode it was in. The forward pass is recorded anew by each call (see `jit`) if it can be, and else
 * called for every batch. The result is a value: no gradient passes through it.
 *
 * Shapes: x [N, …] -> [N, …] of what `forward` makes of a batch
 * Defaults: batchSize 256
 * Throws: ArgumentError if x has no axes, if batchSize is no whole number of at least 1, or if `forward` does not make a row of
 * each row; whatever `forward` throws
 * Source: keras.Model.predict
 */
export async function predict(
  model: Layer,
  x: Tensor,
  { batchSize = 256 }: PredictOptions = {},
): Promise<Tensor> {
  if (x.ndim === 0) throw new ArgumentError("predict", "got a scalar; expected rows along the first axis");
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError(
      "predict",
      `got the batchSize ${batchSize}; expected a whole number of at least 1`,
    );
  }
  const forward = recordedIfPossible((rows: Tensor): Tensor => model.forward(rows));
  const leave = enterEval(model);
  try {
    const count = x.shape[0];
    let outputs: TypedArray | null = null;
    let row: readonly number[] = [];
    for (let start = 0; start === 0 || start < count; start += batchSize) {
      const rows = Math.min(batchSize, count - start);
      const output = forward(x.narrow(0, start, rows).stopGradient());
      expectRows(output, rows);
      const data = await output.data();
      row = output.shape.slice(1);
      outputs ??= new (data.constructor as new (length: number) => TypedArray)(
        count * row.reduce((size, length) => size * length, 1),
      );
      outputs.set(data, start * (rows === 0 ? 0 : data.length / rows));
    }
    return fromData(outputs ?? new Float32Array(0), [count, ...row]);
  } finally {
    leave();
  }
}

/** Throws: ArgumentError unless `forward` made a row of each row, as far as TypeScript could not see to it */
function expectRows(output: unknown, rows: number): void {
  const shape = output instanceof Tensor ? (output as Tensor).shape : null;
  if (shape?.[0] === rows) return;
  const made = shape === null ? "no tensor" : formatShape(shape);
  throw new ArgumentError("predict", `forward made ${made} of ${rows} rows; expected as many rows`);
}
