import { DataLoader } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { crossEntropy } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import {
  accuracy,
  encodeCheckpoint,
  restoreCheckpoint,
  trainStep,
  type Checkpoint,
  type Json,
} from "@stargrad/train";
import type { Tensor } from "@stargrad/tensor";

import { learned, type Batch } from "./drawings.js";
import { CatNet } from "./net.js";
import { batchSize } from "./sizes.js";

/**
 * How exactly a step is explained. The path of an early step has many kinks, where a filter falls silent or another pixel wins: with
 * these, a step takes about 30 gradients at most, and less than 0.1 % stays unexplained.
 */
const pathOptions = { tolerance: 0.001, maxDepth: 4 } as const;

export interface CatSettings {
  /** The seed of the first weights, and of the order of the drawings. */
  readonly seed: number;
  readonly learningRate: number;
}

/** Everything that decides the next steps: the weights, and what Adam remembers of earlier gradients. */
export interface CatState {
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/** What a step measured before it moved the weights. */
export interface Measured {
  /** The mean surprise of its drawings. */
  readonly surprise: number;
  /** The part of its drawings for which the net was right. */
  readonly right: number;
}

/** A net that learns: one step after the other, explained or not, from any state that it has been in. */
export class CatTraining {
  readonly net: CatNet;
  readonly #optimizer: Adam;
  readonly #learningRate: number;
  /** The numbers of the drawings of each step. */
  readonly #order: DataLoader<number[]>;
  readonly #step: (batch: { x: Tensor; y: Tensor }) => { loss: Tensor; right: Tensor };

  constructor({ seed, learningRate }: CatSettings) {
    const net = new CatNet(seed);
    this.net = net;
    this.#learningRate = learningRate;
    this.#optimizer = new Adam(net.parameters(), { learningRate });
    const numbers = { length: learned.length, batch: (indices: Int32Array) => [...indices] };
    this.#order = new DataLoader(numbers, { batchSize, shuffle: true, seed });
    this.#step = trainStep<{ x: Tensor; y: Tensor }, { loss: Tensor; right: Tensor }>({
      model: net,
      optimizer: this.#optimizer,
      loss: ({ x, y }) => {
        const votes = net.forward(x);
        return { loss: crossEntropy(votes, y), right: accuracy(votes, y) };
      },
    });
  }

  /** Which drawings a step learns from; steps are counted from 1. */
  drawingsOf(number: number): number[] {
    const loader = this.#order;
    const epoch = Math.floor((number - 1) / loader.length);
    loader.restore({ ...loader.state(), epoch, position: (number - 1) % loader.length });
    const [drawings] = loader;
    return drawings;
  }

  batch(number: number): Batch {
    return learned.batch(this.drawingsOf(number));
  }

  /** Makes one update. */
  async update(number: number): Promise<Measured> {
    const { loss, right } = this.#step(this.batch(number));
    const [surprise, part] = await Promise.all([loss.item(), right.item()]);
    return { surprise, right: part };
  }

  /** Makes the same update, and explains it. */
  explain(number: number): Promise<StepExplanation> {
    const { x, y } = this.batch(number);
    const step = (): void => {
      this.#optimizer.step();
    };
    const update = {
      parameters: this.net.namedParameters(),
      loss: () => crossEntropy(this.net.forward(x), y),
      step,
    };
    return explainStep(update, pathOptions);
  }

  state(): CatState {
    return { model: this.net.stateDict(), optimizer: this.#optimizer.stateDict() };
  }

  restore({ model, optimizer }: CatState): void {
    this.net.loadStateDict(model);
    this.#optimizer.loadStateDict(optimizer);
  }

  /** The bytes of a checkpoint, with what the run remembers. */
  bytes(metadata: Readonly<Record<string, Json>>): Promise<Uint8Array> {
    return encodeCheckpoint({ model: this.net, optimizer: this.#optimizer, metadata });
  }

  load(checkpoint: Checkpoint): void {
    restoreCheckpoint(checkpoint, { model: this.net, optimizer: this.#optimizer });
  }

  /** Goes on from a state of another run: with its weights and with what Adam remembers, but with the own learning rate. */
  goOnFrom(state: CatState): void {
    this.restore(state);
    for (const group of this.#optimizer.groups) group.learningRate = this.#learningRate;
  }
}
