import { Parameter } from "@stargrad/autograd";
import {
  arange,
  ArgumentError,
  IndexError,
  knownData,
  normal,
  where,
  type FloatOptions,
  type Shape,
  type Tensor,
} from "@stargrad/tensor";
import { integer, toIndices, type OptionKinds } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions } from "../options.js";
import type { DeclaredRule, InputShape, KnownRank, ShapeRule } from "../shape-rule.js";
import { expectIndices } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface EmbeddingOptions extends FloatOptions {
  /** The index of the padding row, which is initially 0 and gets no gradient; negative counts from the end. Default: none. */
  readonly paddingIdx?: number;
}

/** The shape with one more axis. */
type WithOneMore<S extends Shape, Last extends number> = [number] extends [Last] ? Shape : [...S, Last];

interface EmbeddingShapes extends ShapeRule {
  readonly features: number;
  readonly output: WithOneMore<InputShape<this>, this["features"]>;
  readonly problem: false;
}

/**
 * Looks up rows of its weight: `y[…, :] = weight[index[…], :]`. The gradient of a row is the sum over all its lookups; the
 * row `paddingIdx` gets none.
 *
 * Shapes: index (int32) […] -> y […, embeddingDim]; weight [numEmbeddings, embeddingDim]
 * Init:   normal with mean 0 and standard deviation 1; 0 for the row `paddingIdx`
 * Throws: IndexError if an index is negative or not below numEmbeddings; DTypeError unless the index is int32;
 *         ArgumentError if paddingIdx is not a row
 * Source: torch.nn.Embedding
 */
export class Embedding<Rows extends number = number, Features extends number = number> extends TensorModule {
  declare readonly shapeRule?: DeclaredRule<EmbeddingShapes, { readonly features: Features }>;
  readonly weight: Parameter;
  readonly numEmbeddings: Rows;
  readonly embeddingDim: Features;
  readonly #padding: number | null;

  constructor(numEmbeddings: Rows, embeddingDim: Features, options: EmbeddingOptions = {}) {
    super("Embedding", [numEmbeddings, embeddingDim], options, {
      paddingIdx: integer,
      ...floatOptions,
    } satisfies OptionKinds<EmbeddingOptions>);
    const { paddingIdx, ...random } = options;
    expectWhole("Embedding", { numEmbeddings, embeddingDim }, { least: 1 });
    this.#padding = paddingIdx === undefined ? null : rowOf(paddingIdx, numEmbeddings);
    const rows = normal([numEmbeddings, embeddingDim], random);
    const isPadding = arange(numEmbeddings)
      .equal(this.#padding ?? -1)
      .unsqueeze(1);
    this.weight = new Parameter(where(isPadding, 0, rows));
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
  }

  forward<S extends Shape>(index: Tensor<S>): Tensor<KnownRank<WithOneMore<S, Features>>>;
  forward(index: Tensor): Tensor {
    expectIndices(this.describe(), "an index", index);
    this.#checkRows(index);
    const rows = this.weight.take(index);
    if (this.#padding === null) return rows;
    return where(index.equal(this.#padding).unsqueeze(-1), rows.detach(), rows);
  }

  protected override readInput(given: unknown): Tensor {
    return toIndices(this.describe(), given);
  }

  /** Checks indices whose values are already materialized; the engine checks the others. */
  #checkRows(index: Tensor): void {
    const rows = this.numEmbeddings;
    for (const [position, row] of knownData(index)?.entries() ?? []) {
      if (row >= 0 && row < rows) continue;
      throw new IndexError(
        this.describe(),
        `got the index ${row} at position ${position}; expected 0 to ${rows - 1}`,
      );
    }
  }
}

function rowOf(paddingIdx: number, rows: number): number {
  if (Number.isInteger(paddingIdx) && paddingIdx >= -rows && paddingIdx < rows) {
    return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  }
  throw new ArgumentError(
    "Embedding",
    `got paddingIdx ${paddingIdx}; expected a row, ${-rows} to ${rows - 1}`,
  );
}
