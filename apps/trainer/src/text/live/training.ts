import { randomSampler, textWindows, type Dataset } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { AdamW, Scheduler } from "@stargrad/optim";
import { fromData, manualSeed, StargradError, type Tensor, type TypedArray } from "@stargrad/tensor";
import { decodeCheckpoint, encodeCheckpoint, trainStep, type Batch, type Json } from "@stargrad/train";

import { CharacterTransformer, nextCharacterLoss } from "../character-transformer.js";
import type { Passages } from "../passages.js";
import { scheduleOf } from "../schedule.js";
import { sizes, type LiveSettings } from "./sizes.js";

/** A tensor outside of the engine's memory. */
interface Frozen {
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

type FrozenState = ReadonlyMap<string, Frozen>;

/** Everything that decides the next steps: the weights, and what Adam remembers of each. */
export interface TextState {
  readonly model: FrozenState;
  readonly optimizer: FrozenState;
}

/** A transformer that learns a text: one update after the other, explained or not, from any state that it has been in. */
export class TextTraining {
  readonly model: CharacterTransformer;
  readonly #settings: LiveSettings;
  readonly #optimizer: AdamW;
  readonly #scheduler: Scheduler;
  readonly #windows: Dataset<Batch>;
  readonly #draws: { subarray(start: number, end: number): Int32Array };
  readonly #learn: (inputs: { readonly x: Tensor; readonly y: Tensor }) => { readonly loss: Tensor };

  constructor({ training, vocabulary }: Passages, settings: LiveSettings) {
    const { seed, learningRate, steps } = settings;
    this.#settings = settings;
    manualSeed(seed);
    const model = new CharacterTransformer({ ...sizes, characters: vocabulary.size });
    this.model = model;
    this.#optimizer = new AdamW(model.parameters(), { learningRate, betas: [0.9, 0.99] });
    this.#scheduler = new Scheduler(this.#optimizer, scheduleOf(settings));
    this.#windows = textWindows(training, { length: sizes.context });
    // The draws of the command `text`, so that it makes the same steps from the same settings.
    const sampler = randomSampler(this.#windows.length, { draws: sizes.batchSize * steps, seed });
    this.#draws = sampler.order(0);
    this.#learn = trainStep({
      model,
      optimizer: this.#optimizer,
      loss: ({ x, y }) => ({ loss: nextCharacterLoss(model.forward(x), y) }),
    });
  }

  /** The passages that a step reads, counted from 1: x [B, T], and y, the next character at each place. */
  batch(step: number): Batch {
    return this.#windows.batch(this.#draws.subarray((step - 1) * sizes.batchSize, step * sizes.batchSize));
  }

  /** The learning rate of a step. */
  rate(step: number): number {
    return this.#settings.learningRate * scheduleOf(this.#settings)(step - 1);
  }

  /** Makes a step. Returns its loss, before the update. Throws: StargradError if the loss is not finite */
  async update(step: number): Promise<number> {
    this.#scheduler.set(step - 1);
    const loss = await this.#learn(this.batch(step)).loss.item();
    if (!Number.isFinite(loss)) throw this.#divergedError(step);
    return loss;
  }

  /** Makes the same step, and explains it. */
  async explain(step: number): Promise<StepExplanation> {
    this.#scheduler.set(step - 1);
    const { x, y } = this.batch(step);
    return explainStep(
      {
        parameters: this.model.namedParameters(),
        loss: () => nextCharacterLoss(this.model.forward(x), y),
        step: () => {
          this.#optimizer.step();
        },
      },
      { tolerance: 0.001, maxDepth: 4 },
    );
  }

  async state(): Promise<TextState> {
    const [model, optimizer] = [this.model.stateDict(), this.#optimizer.stateDict()];
    return { model: await frozen(model), optimizer: await frozen(optimizer) };
  }

  /** Goes on from a state, with its own learning rate: a fork has another one than the run that it leaves. */
  restore({ model, optimizer }: TextState): void {
    this.model.loadStateDict(thawed(model));
    const isMemory = (name: string): boolean => name.includes(".parameters.");
    const settings = [...this.#optimizer.stateDict()].filter(([name]) => !isMemory(name));
    const memories = [...thawed(optimizer)].filter(([name]) => isMemory(name));
    this.#optimizer.loadStateDict(new Map([...settings, ...memories]));
  }

  /** The state, and those before some earlier steps, as the bytes of a checkpoint. */
  save(
    earlier: ReadonlyMap<number, TextState>,
    metadata: Readonly<Record<string, Json>>,
  ): Promise<Uint8Array> {
    const parts = [...earlier].flatMap(([number, { model, optimizer }]) => [
      [`model-${number}`, part(model)] as const,
      [`optimizer-${number}`, part(optimizer)] as const,
    ]);
    const states = Object.fromEntries(parts);
    return encodeCheckpoint({ model: this.model, optimizer: this.#optimizer, states, metadata });
  }

  #divergedError(step: number): StargradError {
    return new StargradError(
      "text",
      `the surprise of step ${step} is not a number any more`,
      `The learning rate ${this.#settings.learningRate} is too large; try 0.004`,
    );
  }
}

/** A state as a part of a checkpoint, which is only saved. */
function part(state: FrozenState): { stateDict(): Map<string, Tensor>; loadStateDict(): void } {
  return { stateDict: () => thawed(state), loadStateDict: () => undefined };
}

/** What `save` made: the states before some steps, the state at the end, and the metadata. */
export async function readSaved(bytes: Uint8Array): Promise<{
  readonly state: TextState;
  readonly earlier: ReadonlyMap<number, TextState>;
  readonly metadata: Readonly<Record<string, Json>>;
}> {
  const { model, optimizer, states, metadata } = await decodeCheckpoint(bytes);
  const none = new Map<string, Tensor>();
  const earlier = new Map<number, TextState>();
  for (const [name, state] of states) {
    if (!name.startsWith("model-")) continue;
    const number = Number(name.slice("model-".length));
    const memory = await frozen(states.get(`optimizer-${number}`) ?? none);
    earlier.set(number, { model: await frozen(state), optimizer: memory });
  }
  const state = { model: await frozen(model), optimizer: await frozen(optimizer ?? none) };
  return { state, earlier, metadata };
}

async function frozen(state: ReadonlyMap<string, Tensor>): Promise<FrozenState> {
  const entries = [...state].map(
    async ([name, x]) => [name, { shape: x.shape, data: await x.data() }] as const,
  );
  return new Map(await Promise.all(entries));
}

function thawed(state: FrozenState): Map<string, Tensor> {
  return new Map([...state].map(([name, { shape, data }]) => [name, fromData(data, shape)]));
}

/** A number that differs if any bit of the weights does, with all but certainty (FNV-1a). */
export function fingerprintOf({ model }: TextState): string {
  let hash = 0x811c9dc5;
  for (const { data } of model.values()) {
    for (const word of new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)) {
      hash = Math.imul(hash ^ word, 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
