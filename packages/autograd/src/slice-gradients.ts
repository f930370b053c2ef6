import type { AttributesOf, Node } from "@stargrad/graph";
import { concat, zeros, type Tensor } from "@stargrad/tensor";
import { apply } from "@stargrad/tensor/internal";

/** The gradient of a contiguous range of one axis. */
interface AxisRange {
  readonly axis: number;
  readonly start: number;
  readonly g: Tensor;
}

/**
 * Gradients of slices of tensors. The rule of a single slice pads its gradient with zeros to the size of the whole tensor and
 * adds it to the others. Collected here, gradients of disjoint slices, as of a tensor that was split, are concatenated
 * instead.
 */
export class SliceGradients {
  readonly #ranges = new Map<Node, AxisRange[]>();

  /** Adds the gradient of a slice of a tensor. Returns false, and adds nothing, unless it is a contiguous range of one axis. */
  add(whole: Node, { starts, lengths, steps }: AttributesOf<"slice">, g: Tensor): boolean {
    const cut = lengths.flatMap((length, axis) => (length === whole.shape[axis] ? [] : [axis]));
    if (cut.length !== 1 || steps.some((step) => step !== 1)) return false;
    const [axis] = cut;
    const ranges = this.#ranges.get(whole) ?? [];
    this.#ranges.set(whole, [...ranges, { axis, start: starts[axis], g }]);
    return true;
  }

  /** Removes and returns the gradients of a tensor from its slices: one tensor if the slices can be concatenated. */
  take(whole: Node): Tensor[] {
    const ranges = this.#ranges.get(whole);
    if (ranges === undefined) return [];
    this.#ranges.delete(whole);
    const together = ranges.length === 1 ? null : laidOut(whole, ranges);
    return together === null ? ranges.map((each) => padded(whole, each)) : [together];
  }
}

function padded({ shape }: Node, { axis, start, g }: AxisRange): Tensor {
  const at = (amount: number): number[] => shape.map((_, i) => (i === axis ? amount : 0));
  const after = shape[axis] - start - g.shape[axis];
  return apply("pad", [g], { before: at(start), after: at(after), between: at(0), value: 0 });
}

/** Concatenates ranges, with zeros in the gaps; `null` if they overlap or are of different axes. */
function laidOut(whole: Node, ranges: readonly AxisRange[]): Tensor | null {
  const [{ axis }] = ranges;
  const parts: Tensor[] = [];
  let end = 0;
  const fillTo = (start: number): void => {
    if (start === end) return;
    const shape = whole.shape.map((length, i) => (i === axis ? start - end : length));
    parts.push(zeros(shape, { dtype: whole.dtype }));
  };
  for (const each of ranges.toSorted((a, b) => a.start - b.start)) {
    if (each.axis !== axis || each.start < end) return null;
    fillTo(each.start);
    parts.push(each.g);
    end = each.start + each.g.shape[axis];
  }
  fillTo(whole.shape[axis]);
  return concat(parts, { axis });
}
