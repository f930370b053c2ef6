import { totalOf } from "@stargrad/nn/internal";
import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { nonFiniteCode } from "@stargrad/tensor/internal";

import { clipperOf } from "./clip.js";
import type { Batch, FitOptions } from "./fit.js";
import { GradientSum } from "./gradient-sum.js";
import { keyOf, readFigures, weightOf, withTotals, type Figures } from "./metrics.js";
import { stepWith, trainStep } from "./train-step.js";

/** What a batch of an update gave: its loss and metrics with their divisors, as `withTotals` names them, and its number of items. */
export interface BatchFigures {
  readonly figures: Figures<string>;
  readonly items: number;
}

/** Updates the weights once, by the batches of one step. */
export type Update = (batches: readonly Batch[]) => Promise<readonly BatchFigures[]>;

/** The update of a training: one recorded step or, with `accumulate`, one for each batch, whose gradients are summed. */
export function updateOf(options: FitOptions<string>): Update {
  const { model, loss: lossOf, metrics = {}, accumulate = 1 } = options;
  const scoresOf = ({ x, y }: Batch): StepScores => {
    const output = model.forward(x);
    const scores = Object.entries(metrics).map(([name, metric]) => [keyOf(name), metric(output, y)] as const);
    const loss = lossOf(output, y);
    return { ...withTotals({ ...(Object.fromEntries(scores) as Record<string, Tensor>), loss }), loss };
  };
  return accumulate === 1 ? singleUpdate(options, scoresOf) : summedUpdate(options, scoresOf);
}

/** The results of a batch: its loss, and what else is reported. */
type StepScores = Readonly<Record<string, Tensor>> & { readonly loss: Tensor };

type Inputs = Pick<Batch, "x" | "y">;

type ScoresOf = (batch: Inputs) => StepScores;

function singleUpdate({ model, optimizer, clip }: FitOptions<string>, loss: ScoresOf): Update {
  const clipAll = clipperOf(optimizer, clip);
  const refuse = ({ loss: mean }: StepScores): Tensor => nonFiniteCode(mean);
  const take = trainStep<Inputs, StepScores>({ model, optimizer, loss, refuse, afterBackward: clipAll });
  return async ([{ x, y }]) => [{ figures: await read(take({ x, y })), items: x.shape[0] }];
}

/**
 * The loss of each batch is multiplied by its divisor, and the sum of the gradients divided by the sum of the divisors. So the update is
 * that of all items as one batch, also if batches have unequal sizes or ignored items.
 */
function summedUpdate({ model, optimizer, clip }: FitOptions<string>, scoresOf: ScoresOf): Update {
  if (!("advance" in optimizer)) {
    throw new ArgumentError(
      "fit",
      "got accumulate for an optimizer that evaluates the loss several times in a step",
      "Use larger batches, or an optimizer such as AdamW",
    );
  }
  const clipAll = clipperOf(optimizer, clip);
  const sum = new GradientSum();
  const loss = (batch: Inputs): StepScores & { readonly mean: Tensor } => {
    const scores = scoresOf(batch);
    const { loss: mean } = scores;
    return { ...scores, mean, loss: mean.mul(totalOf(mean) ?? batch.x.shape[0]) };
  };
  const take = stepWith<Inputs, ReturnType<typeof loss>>(
    { model, optimizer, loss, refuse: ({ mean }) => nonFiniteCode(mean) },
    sum,
  );
  return async (batches) => {
    sum.reset();
    const parts: BatchFigures[] = [];
    for (const { x, y } of batches) {
      const { mean, ...figures } = await read(take({ x, y }));
      parts.push({ figures: { ...figures, loss: mean }, items: x.shape[0] });
    }
    sum.toGradients(parts.reduce((total, { figures, items }) => total + weightOf(figures, items), 0));
    try {
      clipAll();
      optimizer.step();
    } finally {
      optimizer.zeroGrad();
    }
    return parts;
  };
}

/** The error of a refused step is thrown by the step or, on an asynchronous engine, when its results are read. */
function read(results: Readonly<Record<string, Tensor>>): Promise<Figures<string>> {
  return readFigures(Object.entries(results));
}
