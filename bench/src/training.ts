import { backward } from "@stargrad/autograd";
import { crossEntropy, type Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import type { Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";
import type { Loss } from "./workload.js";

/** A model to train, and the batch of every step. */
export interface Training {
  readonly model: Sequential;
  readonly optimizer: Adam;
  readonly loss: Loss;
  readonly x: Tensor;
  /** The classes; undefined if the loss needs none. */
  readonly y: Tensor | undefined;
}

export function trainingOf({
  learningRate = 1e-3,
  ...parts
}: Omit<Training, "optimizer"> & { readonly learningRate?: number }): Training {
  return { ...parts, optimizer: new Adam(parts.model.parameters(), { learningRate }) };
}

/** A step of a plain training loop. */
export function plainStep(training: Training): () => Promise<number> {
  const { model, optimizer, x, y } = training;
  return () => {
    const loss = lossOf(training, model.forward(x), y);
    backward(loss);
    optimizer.step();
    optimizer.zeroGrad();
    return loss.item();
  };
}

/** The same step, recorded once. */
export function recordedStep(training: Training): () => Promise<number> {
  const { model, optimizer, x, y } = training;
  const step = trainStep<Record<string, Tensor>, { loss: Tensor }>({
    model,
    optimizer,
    loss: ({ x, y }) => ({ loss: lossOf(training, model.forward(x), y) }),
  });
  const inputs = y === undefined ? { x } : { x, y };
  return () => step(inputs).loss.item();
}

function lossOf({ loss }: Training, outputs: Tensor, y: Tensor | undefined): Tensor {
  if (loss === "meanSquare") return outputs.square().mean();
  if (y === undefined) throw new Error("a cross entropy needs classes; expected y");
  return crossEntropy(outputs.reshape([y.size, -1]), y);
}
