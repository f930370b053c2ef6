import {
  arange,
  take,
  ArgumentError,
  concat,
  DTypeError,
  formatShape,
  knownData,
  sameShape,
  scan,
  ShapeError,
  stack,
  where,
  zeros,
  type FloatOptions,
  type Tensor,
} from "@stargrad/tensor";
import { count, flag, fraction } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions, randomOptions, expectTensorOptions } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { Dropout } from "./dropout.js";
import {
  drawWeights,
  fromHidden,
  fromInput,
  namedWeights,
  type CellWeights,
  type States,
  type StepKind,
} from "./recurrent-step.js";

export interface RecurrentOptions extends FloatOptions {
  /** The number of stacked layers. Default: 1. */
  readonly numLayers?: number;
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
  /** Whether the batch is the first axis of input and output. It does not affect the states. Default: false. */
  readonly batchFirst?: boolean;
  /** The probability of dropout between the layers, in training mode. Default: 0. */
  readonly dropout?: number;
  /** Whether each layer also processes the sequence in reverse, with separate weights. Default: false. */
  readonly bidirectional?: boolean;
}

/** Further options of a call of a recurrent layer. */
export interface SequenceOptions {
  /**
   * The number of steps of each sequence of the batch, int32 [N]; the steps after that are padding. Default: all steps of x.
   *
   * Padding has no effect. Its outputs are 0, and the returned states are those after the last step of each sequence; the
   * reverse direction starts at the last step of each sequence.
   */
  readonly lengths?: Tensor;
}

/** The base class of RNN, GRU and LSTM: layers, directions and steps. recurrent-step.ts defines the step of each. */
export abstract class Recurrent extends TensorModule {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly directions: 1 | 2;
  /** Ordered by layer, then by direction, forward before reverse. */
  readonly #cells: readonly CellWeights[];
  readonly #kind: StepKind;
  readonly #dropout: Dropout;
  readonly #batchFirst: boolean;

  constructor(
    name: string,
    kind: StepKind,
    [inputSize, hiddenSize]: readonly [inputSize: number, hiddenSize: number],
    options: RecurrentOptions,
  ) {
    super(name, [inputSize, hiddenSize], options, {
      numLayers: count,
      bias: flag,
      batchFirst: flag,
      dropout: fraction,
      bidirectional: flag,
      ...floatOptions,
      ...kind.options,
    });
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    const random = randomOptions(options);
    expectWhole(name, { inputSize, hiddenSize, numLayers }, { least: 1 });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.directions = bidirectional ? 2 : 1;
    this.#kind = kind;
    this.#cells = Array.from({ length: numLayers * this.directions }, (_, i) =>
      drawWeights(kind, i < this.directions ? inputSize : hiddenSize * this.directions, hiddenSize, {
        bias,
        ...random,
      }),
    );
    const { dtype: _, ...generator } = random;
    this.#dropout = new Dropout(dropout, generator);
    this.#batchFirst = batchFirst;
  }

  /** PyTorch's names of the parameters. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return this.#cells.flatMap((weights, i) =>
      namedWeights(weights, `_l${Math.floor(i / this.directions)}${this.#isReverse(i) ? "_reverse" : ""}`),
    );
  }

  /** Throws an ArgumentError unless the further inputs of a call are tensors of these names. */
  protected expectInputs(inputs: object, names: readonly string[]): void {
    expectTensorOptions(this.describe(), inputs, names);
  }

  /** Processes a sequence with all layers. `initial` contains the initial states by name; null means zeros. */
  protected read(
    x: Tensor,
    initial: Readonly<Record<string, Tensor | null>>,
    lengths: Tensor | null,
  ): { readonly output: Tensor; readonly states: Tensor[] } {
    const [sequence, batch] = this.#batchFirst ? [1, 0] : [0, 1];
    this.#checkInput(x);
    const isBatch = x.ndim === 3;
    const steps = isBatch ? x.transpose(0, sequence) : x.unsqueeze(1); // [T, N, in]
    const starts = this.#startsOf(initial, isBatch ? [x.shape[batch]] : [], x);
    const valid = lengths === null ? null : this.#withinLengths(lengths, x, steps);

    const ends: States[] = [];
    let y = steps;
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0) y = this.#dropout.train(this.training).forward(y);
      const outputs: Tensor[] = [];
      for (let direction = 0; direction < this.directions; direction++) {
        // There are as many states as starts, which the type of `map` does not express.
        const before = starts.map((start) => start.select(0, ends.length)) as unknown as States;
        const { output, last } = this.#readWith(ends.length, y, before, valid);
        ends.push(last);
        outputs.push(output);
      }
      y = concat(outputs, { axis: 2 });
    }
    const states = starts.map((_, kind) => stack(ends.map((end) => end[kind]))); // [layers · directions, N, H]
    return isBatch
      ? { output: y.transpose(0, sequence), states }
      : { output: y.squeeze(1), states: states.map((state) => state.squeeze(1)) };
  }

  /** Processes a sequence [T, N, in] with one direction of one layer, the cell of the given index. */
  #readWith(
    index: number,
    x: Tensor,
    start: States,
    valid: Tensor | null,
  ): { readonly output: Tensor; readonly last: States } {
    const weights = this.#cells[index];
    const { step } = this.#kind;
    // One product for all steps, because it does not depend on the states.
    const inputs = fromInput(weights, x); // [T, N, G · H]
    const first = start.map((state) => state.cast(inputs.dtype)) as unknown as States;
    const { carry, y } = scan(
      (before: States, [input, mask]: readonly Tensor[]) => {
        const after = step(input, fromHidden(weights, before[0]), before);
        if (valid === null) return { carry: after, y: after[0] };
        return {
          carry: after.map((state, i) => where(mask, state, before[i])),
          y: where(mask, after[0], 0),
        };
      },
      first,
      valid === null ? [inputs] : [inputs, valid],
      { reverse: this.#isReverse(index) },
    );
    return { output: y, last: carry };
  }

  #isReverse(index: number): boolean {
    return index % this.directions === 1;
  }

  /** A mask that is true for the steps of each sequence and false for padding, [T, N, 1]. */
  #withinLengths(lengths: Tensor, x: Tensor, steps: Tensor): Tensor {
    const [count, batch] = steps.shape;
    if (x.ndim !== 3 || !sameShape(lengths.shape, [batch])) {
      const expected = x.ndim === 3 ? `one for each sequence, [${batch}]` : "none without a batch";
      throw new ShapeError(
        this.describe(),
        `got lengths ${formatShape(lengths.shape)}; expected ${expected}`,
      );
    }
    if (lengths.dtype !== "int32") {
      throw new DTypeError(
        this.describe(),
        `got lengths of ${lengths.dtype}; expected int32`,
        'Cast them with lengths.cast("int32")',
      );
    }
    const odd = knownData(lengths)?.find((length) => !(length >= 1 && length <= count));
    if (odd !== undefined) {
      throw new ArgumentError(
        this.describe(),
        `got the length ${odd}; expected 1 to ${count}, the steps of x`,
      );
    }
    // Lengths whose values are not yet known, or change between runs of a recording, are checked as indices of the last step.
    const checked = take(arange(count), lengths.sub(1)).add(1);
    return arange(count).unsqueeze(1).less(checked).unsqueeze(2);
  }

  #checkInput(x: Tensor): void {
    expectFloat(this.describe(), x);
    const axes = this.#batchFirst ? "N, T" : "T, N";
    const length = x.ndim === 3 && this.#batchFirst ? x.shape[1] : x.shape[0];
    const isSequence = (x.ndim === 2 || x.ndim === 3) && x.shape[x.ndim - 1] === this.inputSize;
    expectShape(
      this.describe(),
      x,
      isSequence && length > 0,
      `[${axes}, ${this.inputSize}] or [T, ${this.inputSize}] with at least one step`,
    );
  }

  /** The initial states as [layers · directions, N, H]. */
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
          this.describe(),
          `got ${name} ${formatShape(given.shape)}; expected ${formatShape(shape)}`,
        );
      }
      return given.reshape([count, batch.length === 0 ? 1 : batch[0], this.hiddenSize]);
    });
  }
}
