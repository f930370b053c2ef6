import { formatShape, sameShape, ShapeError, type FloatOptions, type Tensor, zeros } from "@stargrad/tensor";
import { flag } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions, randomOptions, expectTensorOptions } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import {
  drawWeights,
  fromHidden,
  fromInput,
  namedWeights,
  type CellWeights,
  type States,
  type StepKind,
} from "./recurrent-step.js";

export interface RecurrentCellOptions extends FloatOptions {
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
}

/** The base class of RNNCell, GRUCell and LSTMCell: the weights of one step, and its call. */
export abstract class RecurrentCell extends TensorModule {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly #weights: CellWeights;
  readonly #kind: StepKind;

  constructor(
    name: string,
    kind: StepKind,
    [inputSize, hiddenSize]: readonly [inputSize: number, hiddenSize: number],
    options: RecurrentCellOptions,
  ) {
    super(name, [inputSize, hiddenSize], options, { bias: flag, ...floatOptions, ...kind.options });
    const { bias = true } = options;
    expectWhole(name, { inputSize, hiddenSize }, { least: 1 });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.#kind = kind;
    this.#weights = drawWeights(kind, inputSize, hiddenSize, {
      bias,
      ...randomOptions(options),
    });
  }

  /** PyTorch's names of the parameters. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return namedWeights(this.#weights, "");
  }

  /** Throws an ArgumentError unless the further inputs of a call are tensors of these names. */
  protected expectInputs(inputs: object, names: readonly string[]): void {
    expectTensorOptions(this.describe(), inputs, names);
  }

  /** The next states. `before` contains the previous states by name; null means zeros. */
  protected advance(x: Tensor, before: Readonly<Record<string, Tensor | null>>): Tensor[] {
    expectFloat(this.describe(), x);
    const isOne = x.ndim === 1;
    const fits = (isOne || x.ndim === 2) && x.shape[x.ndim - 1] === this.inputSize;
    expectShape(this.describe(), x, fits, `[N, ${this.inputSize}] or [${this.inputSize}]`);
    const input = fromInput(this.#weights, isOne ? x.unsqueeze(0) : x);
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    // There is at least one state, which the type of `map` does not express.
    const states = Object.entries(before).map(([name, state]) => {
      const given = state ?? zeros(shape, { dtype: input.dtype });
      if (sameShape(given.shape, shape)) return isOne ? given.unsqueeze(0) : given;
      throw new ShapeError(
        this.describe(),
        `got ${name} ${formatShape(given.shape)}; expected ${formatShape(shape)}`,
      );
    }) as unknown as States;
    const after = this.#kind.step(input, fromHidden(this.#weights, states[0]), states);
    return after.map((state) => (isOne ? state.squeeze(0) : state));
  }
}
