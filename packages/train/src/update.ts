import { totalOf } from "@stargrad/nn/internal";
import { ArgumentError, CheckError, where, type Tensor, type Tree } from "@stargrad/tensor";
import { nonFiniteCode } from "@stargrad/tensor/internal";

import { clipperOf, type Clip } from "./clip.js";
import { GradientSum } from "./gradient-sum.js";
import { measure, readResults, weightOf, type BatchFigures, type Measures } from "./measures.js";
import { itemsIn, type Pass } from "./pass.js";
import { stepWith, trainStep, type TrainStepOptions } from "./train-step.js";

/**
 * Updates the weights once, by the tensors of the batches of one step. Returns the figures of each batch, without those whose items are all
 * ignored by the loss: they are no part of the step, and if there are no others, nothing changes.
 */
export type Update = (batches: readonly Tree[]) => Promise<readonly BatchFigures[]>;

/** What an update is made of. */
export interface UpdateParts {
  readonly model: TrainStepOptions<Inputs, StepResults>["model"];
  readonly optimizer: TrainStepOptions<Inputs, StepResults>["optimizer"];
  readonly pass: Pass;
  /** A measure of the name `loss`, and others. */
  readonly measures: Measures;
  readonly clip?: Clip | undefined;
  readonly accumulate?: number | undefined;
}

/** A recorded function takes any nesting, but the type of `trainStep` tells only of tensors by name. */
type Inputs = { readonly batch: Tensor };

type StepResults = Readonly<Record<string, Tensor>> & { readonly loss: Tensor };

/** The update of a training: one recorded step or, with `accumulate`, one for each batch, whose gradients are summed. */
export function updateOf(parts: UpdateParts): Update {
  return (parts.accumulate ?? 1) === 1 ? singleUpdate(parts) : summedUpdate(parts);
}

function singleUpdate({ model, optimizer, clip, ...parts }: UpdateParts): Update {
  const afterBackward = clipperOf(optimizer, clip);
  const loss = ({ batch }: Inputs): StepResults => resultsOf(parts, batch);
  const refuse = ({ loss: mean }: StepResults): Tensor => refusalOf(mean);
  const take = trainStep<Inputs, StepResults>({ model, optimizer, loss, refuse, afterBackward });
  return ([batch]) =>
    unlessIgnored(async () => await readResults(take({ batch: batch as Tensor }), itemsIn(batch)));
}

/** The code of a loss that is the mean over no items. Smaller ones are of losses that are not finite. */
const ofNothing = 4;

function refusalOf(mean: Tensor): Tensor {
  const total = totalOf(mean);
  const code = nonFiniteCode(mean);
  return total === undefined ? code : where(total.equal(0), ofNothing, code);
}

/** The figures of a batch, or none if its items are all ignored. */
async function unlessIgnored(figures: () => Promise<BatchFigures>): Promise<readonly BatchFigures[]> {
  try {
    return [await figures()];
  } catch (error) {
    if (error instanceof CheckError && error.called === "trainStep" && error.code === ofNothing) return [];
    throw error;
  }
}

/**
 * The loss of each batch is multiplied by its divisor, and the sum of the gradients divided by the sum of the divisors. So the update is
 * that of all items as one batch, also if batches have unequal sizes or ignored items.
 */
function summedUpdate({ model, optimizer, clip, ...parts }: UpdateParts): Update {
  if (!("advance" in optimizer)) {
    throw new ArgumentError(
      "fit",
      "got accumulate for an optimizer that evaluates the loss several times in a step",
      "Use larger batches, or an optimizer such as AdamW",
    );
  }
  const clipAll = clipperOf(optimizer, clip);
  const sum = new GradientSum();
  const loss = ({ batch }: Inputs): StepResults => {
    const results = resultsOf(parts, batch);
    const { loss: mean } = results;
    return { ...results, mean, loss: mean.mul(totalOf(mean) ?? itemsIn(batch)) };
  };
  const refuse = ({ mean }: StepResults): Tensor => refusalOf(mean);
  const take = stepWith<Inputs, StepResults>({ model, optimizer, loss, refuse }, sum);
  return async (batches) => {
    sum.reset();
    const figures: BatchFigures[] = [];
    for (const batch of batches) {
      const read = async (): Promise<BatchFigures> => {
        const { mean, ...results } = take({ batch: batch as Tensor });
        return await readResults({ ...results, loss: mean }, itemsIn(batch));
      };
      const known = await unlessIgnored(read);
      if (known.length === 0) sum.takeBack();
      figures.push(...known);
    }
    if (figures.length === 0) return figures;
    sum.toGradients(figures.reduce((total, each) => total + weightOf(each, "loss"), 0));
    try {
      clipAll();
      optimizer.step();
    } finally {
      optimizer.zeroGrad();
    }
    return figures;
  };
}

function resultsOf({ pass, measures }: Pick<UpdateParts, "pass" | "measures">, tensors: Tree): StepResults {
  return measure("fit", measures, { pass, output: pass.forward(tensors), tensors }) as StepResults;
}
