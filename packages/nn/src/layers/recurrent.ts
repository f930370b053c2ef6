import { Parameter } from "@stargrad/autograd";
import {
  concat,
  type FloatOptions,
  formatShape,
  sameShape,
  ShapeError,
  stack,
  type Tensor,
  zeros,
} from "@stargrad/tensor";
import { fanInUniform } from "../init.js";
import { Module } from "../module.js";
import { expectProbability, expectWhole, writeLayer } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { Dropout } from "./dropout.js";

export interface RecurrentOptions extends FloatOptions {
  /** How many layers stand on each other. Default: 1. */
  readonly numLayers?: number;
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
  /** Whether the batch is the first axis of input and output. States stay as they are. Default: false. */
  readonly batchFirst?: boolean;
  /** The probability of dropping what a layer hands to the next, while training. Default: 0. */
  readonly dropout?: number;
  /** Whether each layer also reads the sequence from its end, with weights of its own. Default: false. */
  readonly bidirectional?: boolean;
}

/** The weights of one direction of one layer, for G gates: what it takes of its input and of its state. */
interface Cell {
  readonly reversed: boolean;
  readonly inputWeight: Parameter; // [G · H, in]
  readonly hiddenWeight: Parameter; // [G · H, H]
  readonly inputBias: Parameter | null; // [G · H]
  readonly hiddenBias: Parameter | null; // [G · H]
}

/** The states of one direction of one layer, each [N, H]; the first is what it puts out. */
export type States = readonly [Tensor, ...Tensor[]];

/** What RNN, GRU and LSTM have in common: layers, directions and steps. What a step does is theirs. */
export abstract class Recurrent extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly directions: 1 | 2;
  /** Layer by layer, forwards before backwards. */
  readonly #cells: readonly Cell[];
  readonly #dropout: Dropout;
  readonly #batchFirst: boolean;
  readonly #written: string;

  constructor(
    name: string,
    {
      gates,
      inputSize,
      hiddenSize,
    }: { readonly gates: number; readonly inputSize: number; readonly hiddenSize: number },
    options: RecurrentOptions,
  ) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    const { dtype = "float32", generator } = options;
    const random = generator === undefined ? {} : { generator };
    expectWhole(name, { inputSize, hiddenSize, numLayers }, { least: 1 });
    expectProbability(name, { dropout });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.directions = bidirectional ? 2 : 1;
    const draw = (...shape: number[]): Parameter =>
      new Parameter(fanInUniform(shape, hiddenSize, { dtype, ...random }));
    this.#cells = Array.from({ length: numLayers * this.directions }, (_, i): Cell => {
      const features = i < this.directions ? inputSize : hiddenSize * this.directions;
      return {
        reversed: i % this.directions === 1,
        inputWeight: draw(gates * hiddenSize, features),
        hiddenWeight: draw(gates * hiddenSize, hiddenSize),
        inputBias: bias ? draw(gates * hiddenSize) : null,
        hiddenBias: bias ? draw(gates * hiddenSize) : null,
      };
    });
    this.#dropout = new Dropout(dropout, random);
    this.#batchFirst = batchFirst;
    this.#written = writeLayer(name, [inputSize, hiddenSize], options);
  }

  override describe(): string {
    return this.#written;
  }

  /** Its names are PyTorch's. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return this.#cells.flatMap(({ reversed, ...cell }, i) => {
      const end = `_l${Math.floor(i / this.directions)}${reversed ? "_reverse" : ""}`;
      return [
        [`weight_ih${end}`, cell.inputWeight],
        [`weight_hh${end}`, cell.hiddenWeight],
        [`bias_ih${end}`, cell.inputBias],
        [`bias_hh${end}`, cell.hiddenBias],
      ] as const;
    });
  }

  /**
   * The next states from what the input and the state before contribute to the gates, each [N, G · H]. They are apart
   * because GRU resets a part of one of them.
   */
  protected abstract step(fromInput: Tensor, fromHidden: Tensor, before: States): States;

  /** Reads a sequence with all layers; `initial` has the first of each kind of state, by name, or null for zeros. */
  protected read(
    x: Tensor,
    initial: Readonly<Record<string, Tensor | null>>,
  ): { readonly output: Tensor; readonly states: Tensor[] } {
    const [sequence, batch] = this.#batchFirst ? [1, 0] : [0, 1];
    this.#checkInput(x);
    const isBatch = x.ndim === 3;
    const steps = isBatch ? x.transpose(0, sequence) : x.unsqueeze(1); // [T, N, in]
    const starts = this.#startsOf(initial, isBatch ? [x.shape[batch]] : [], x);

    const ends: States[] = [];
    let y = steps;
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0) y = this.#dropout.train(this.training).forward(y);
      const outputs = this.#cells
        .slice(layer * this.directions, (layer + 1) * this.directions)
        .map((cell) => {
          // As many states as there were starts; `map` only promises an array.
          const before = starts.map((start) => start.select(0, ends.length)) as unknown as States;
          const { output, last } = this.#readWith(cell, y, before);
          ends.push(last);
          return output;
        });
      y = concat(outputs, { axis: 2 });
    }
    const states = starts.map((_, kind) => stack(ends.map((end) => end[kind]))); // [layers · directions, N, H]
    return isBatch
      ? { output: y.transpose(0, sequence), states }
      : { output: y.squeeze(1), states: states.map((state) => state.squeeze(1)) };
  }

  /** Reads a sequence [T, N, in] with one direction of one layer. */
  #readWith(cell: Cell, x: Tensor, start: States): { readonly output: Tensor; readonly last: States } {
    const fromInput = affine(x, cell.inputWeight, cell.inputBias); // [T, N, G · H]
    const outputs: Tensor[] = [];
    let states = start;
    for (let i = 0; i < x.shape[0]; i++) {
      const fromHidden = affine(states[0], cell.hiddenWeight, cell.hiddenBias);
      const place = cell.reversed ? x.shape[0] - 1 - i : i;
      states = this.step(fromInput.select(0, place), fromHidden, states);
      outputs.push(states[0]);
    }
    return { output: stack(cell.reversed ? outputs.reverse() : outputs), last: states };
  }

  #checkInput(x: Tensor): void {
    expectFloat(this.#written, x);
    const axes = this.#batchFirst ? "N, T" : "T, N";
    const length = x.ndim === 3 && this.#batchFirst ? x.shape[1] : x.shape[0];
    const isSequence = (x.ndim === 2 || x.ndim === 3) && x.shape[x.ndim - 1] === this.inputSize;
    expectShape(
      this.#written,
      x,
      isSequence && length > 0,
      `[${axes}, ${this.inputSize}] or [T, ${this.inputSize}] with at least one step`,
    );
  }

  /** The first states as [layers · directions, N, H]. */
  #startsOf(
    initial: Readonly<Record<string, Tensor | null>>,
    batch: readonly number[],
    { dtype }: Tensor,
  ): Tensor[] {
    const count = this.numLayers * this.directions;
    const shape = [count, ...batch, this.hiddenSize];
    return Object.entries(initial).map(([name, state]) => {
      const given = state ?? zeros(shape, { dtype });
      if (!sameShape(given.shape, shape)) {
        throw new ShapeError(
          this.#written,
          `got ${name} ${formatShape(given.shape)}; expected ${formatShape(shape)}`,
        );
      }
      return given.reshape([count, batch.length === 0 ? 1 : batch[0], this.hiddenSize]);
    });
  }
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = x.matmul(weight.transpose());
  return bias === null ? y : y.add(bias);
}
