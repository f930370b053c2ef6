import { concat, fromData, stack, type Tensor } from "@stargrad/tensor";
import { eachAxis, expectWhole, type NoOptions } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { expectSpatial, type Rank } from "./spatial.js";

/** The new length of an axis; `null` keeps its length. */
export type OutputLength = number | null;

/** Removes one axis by a reduction. */
type Reduce = (x: Tensor, axis: number) => Tensor;

/**
 * The base class of adaptive pooling layers: divides each axis into a given number of sections, and reduces each of them to
 * its mean or its largest element. Section p of an axis extends from ⌊p · L / P⌋ to ⌈(p + 1) · L / P⌉, so sections overlap if
 * P does not divide L.
 */
export abstract class AdaptivePooling extends TensorModule {
  readonly #outputSize: readonly OutputLength[];
  readonly #reduce: Reduce;

  constructor(
    { name, rank, reduce }: { readonly name: string; readonly rank: Rank; readonly reduce: Reduce },
    outputSize: OutputLength | readonly OutputLength[],
    options: NoOptions,
  ) {
    super(name, [outputSize], options, []);
    // `null` keeps a length, so any length fits.
    const ofNull = (length: unknown): unknown => (length === null ? 1 : length);
    const lengths = Array.isArray(outputSize) ? outputSize.map(ofNull) : ofNull(outputSize);
    expectWhole(name, { outputSize: lengths }, { least: 1, axes: rank });
    this.#outputSize = eachAxis(outputSize, rank);
    this.#reduce = reduce;
  }

  forward(x: Tensor): Tensor {
    const rank = this.#outputSize.length as Rank;
    expectFloat(this.describe(), x);
    expectSpatial(this.describe(), x, rank);
    const isEmpty = x.shape.slice(-rank).includes(0);
    expectShape(this.describe(), x, !isEmpty, "at least one element along each axis that is pooled");
    // From the last axis to the first, so that the first of several largest elements in row-major order gets the gradient.
    return this.#outputSize.reduceRight<Tensor>((y, count, i) => {
      const axis = x.ndim - rank + i;
      return count === null ? y : reduceSections(y, axis, count, this.#reduce);
    }, x);
  }
}

function reduceSections(x: Tensor, axis: number, count: number, reduce: Reduce): Tensor {
  const length = x.shape[axis];
  if (length % count === 0) {
    const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
    return reduce(x.reshape([...before, count, length / count, ...after]), axis + 1);
  }
  const startOf = (index: number) => Math.floor((index * length) / count);
  const endOf = (index: number) => Math.ceil(((index + 1) * length) / count);
  if (count > length) {
    // Each section is one element or two neighbours, so all together are two rows of elements.
    const ends = [startOf, (index: number) => endOf(index) - 1].map((end) =>
      x.take(
        fromData(
          new Int32Array(count).map((_, index) => end(index)),
          [count],
        ),
        { axis },
      ),
    );
    return reduce(stack(ends, { axis }), axis);
  }
  const sections = Array.from({ length: count }, (_, index) => {
    const start = startOf(index);
    return reduce(x.narrow(axis, start, endOf(index) - start), axis).unsqueeze(axis);
  });
  return concat(sections, { axis });
}
