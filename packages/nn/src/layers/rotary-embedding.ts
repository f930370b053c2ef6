import { ArgumentError, concat, stack, tensor, type DType, type Tensor } from "@stargrad/tensor";
import { oneOf, positive, type OptionKinds, expectOptions, integer } from "@stargrad/tensor/internal";
import { expectWhole } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface RotaryEmbeddingOptions {
  /** The base of the angles: the slowest pair rotates by nearly 1/base per position. Default: 10000. */
  readonly base?: number;
  /**
   * The features of a pair: `"adjacent"`, 2i and 2i + 1, as in the paper, or `"halves"`, i and i + dim/2, as in GPT-NeoX and
   * Llama. Default: `"adjacent"`.
   */
  readonly pairs?: "adjacent" | "halves";
}

/** Cosine and sine of the angles, for `length` positions from an offset on. */
interface Turns {
  readonly length: number;
  readonly offset: number;
  readonly dtype: DType;
  readonly cosine: Tensor;
  readonly sine: Tensor;
}

/** Where `RotaryEmbedding.forward` begins. */
export interface RotaryEmbeddingInputs {
  /** The position of the first vector, such as in a continued sequence. Default: 0. */
  readonly offset?: number;
}

/**
 * Rotates pairs of features by an angle proportional to their position, so that the product of a query and a key depends on
 * their distance: `(a, b) -> (a cos mθᵢ − b sin mθᵢ, a sin mθᵢ + b cos mθᵢ)` at position m, for pair i with
 * θᵢ = base^(−2i/dim).
 *
 * Shapes: x […, L, dim] -> y the same
 * Defaults: base 10000, adjacent pairs, offset 0
 * Throws: ArgumentError unless dim is even and the options fit; ShapeError if x has other axes
 * Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, eq. 34
 */
export class RotaryEmbedding extends TensorModule {
  readonly dim: number;
  readonly #base: number;
  #turns: Turns | null = null;
  readonly #pairs: "adjacent" | "halves";

  constructor(dim: number, options: RotaryEmbeddingOptions = {}) {
    super("RotaryEmbedding", [dim], options, {
      base: positive,
      pairs: oneOf("adjacent", "halves"),
    } satisfies OptionKinds<RotaryEmbeddingOptions>);
    const { base = 10_000, pairs = "adjacent" } = options;
    expectWhole("RotaryEmbedding", { dim }, { least: 2 });
    if (dim % 2 !== 0) throw new ArgumentError("RotaryEmbedding", `got dim ${dim}; expected an even number`);
    this.dim = dim;
    this.#base = base;
    this.#pairs = pairs;
  }

  forward(x: Tensor, options: RotaryEmbeddingInputs = {}): Tensor {
    expectOptions<RotaryEmbeddingInputs>(this.describe(), options, { offset: integer });
    const { offset = 0 } = options;
    expectFloat(this.describe(), x);
    expectShape(this.describe(), x, x.ndim >= 2 && x.shape.at(-1) === this.dim, `[…, L, ${this.dim}]`);
    const { cosine, sine } = this.#turnsOf(x.shape[x.ndim - 2], offset, x.dtype); // [L, dim / 2]
    const [a, b] = this.#split(x);
    return this.#join(a.mul(cosine).sub(b.mul(sine)), a.mul(sine).add(b.mul(cosine)));
  }

  /**
   * Computed here and not by the engine, which may lack float64: at large positions, float32 would round the angle of the
   * fastest pair too much. The result is cached, because the next call mostly needs the same.
   */
  #turnsOf(length: number, offset: number, dtype: DType): Turns {
    const known = this.#turns;
    if (known?.length === length && known.offset === offset && known.dtype === dtype) return known;
    const half = this.dim / 2;
    // θ of every pair, [dim / 2].
    const frequencies = Float64Array.from({ length: half }, (_, i) => this.#base ** ((-2 * i) / this.dim));
    const table = (turn: (angle: number) => number): Tensor => {
      const turned = (_: unknown, i: number) => turn((offset + Math.floor(i / half)) * frequencies[i % half]);
      return tensor(Float64Array.from({ length: length * half }, turned), { shape: [length, half], dtype });
    };
    this.#turns = { length, offset, dtype, cosine: table(Math.cos), sine: table(Math.sin) };
    return this.#turns;
  }

  /** The first and the second feature of every pair, each [..., L, dim / 2]. */
  #split(x: Tensor): readonly [Tensor, Tensor] {
    const half = this.dim / 2;
    if (this.#pairs === "halves") return [x.narrow(-1, 0, half), x.narrow(-1, half, half)];
    const pairs = x.reshape([...x.shape.slice(0, -1), half, 2]);
    return [pairs.select(-1, 0), pairs.select(-1, 1)];
  }

  #join(a: Tensor, b: Tensor): Tensor {
    if (this.#pairs === "halves") return concat([a, b], { axis: -1 });
    return stack([a, b], { axis: -1 }).flatten({ startAxis: -2 });
  }
}
