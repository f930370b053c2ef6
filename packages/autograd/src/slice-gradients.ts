import type { AttributesOf, Node } from "@stargrad/graph";
import { concat, zeros, type Tensor } from "@stargrad/tensor";
import { apply } from "@stargrad/tensor/internal";

/** The gradient of a stretch of one axis. */
interface Stretch {
  readonly axis: number;
  readonly start: number;
  readonly g: Tensor;
}

/**
 * Gradients of what was cut out of tensors. Each of them alone would be padded with zeros to the size of the whole and then
 * added to the others, though most often, as where a tensor is split, they only have to be laid side by side.
 */
export class SliceGradients {
  readonly #stretches = new Map<Node, Stretch[]>();

  /** Takes in the gradient of a slice of a tensor. Returns whether it could be: if it is one stretch of one axis. */
  add(whole: Node, { starts, lengths, steps }: AttributesOf<"slice">, g: Tensor): boolean {
    const cut = lengths.flatMap((length, axis) => (length === whole.shape[axis] ? [] : [axis]));
    if (cut.length !== 1 || steps.some((step) => step !== 1)) return false;
    const [axis] = cut;
    const stretches = this.#stretches.get(whole) ?? [];
    this.#stretches.set(whole, [...stretches, { axis, start: starts[axis], g }]);
    return true;
  }

  /** Hands out the gradient of a tensor that is due to what was cut out of it: as few parts as there have to be. */
  take(whole: Node): Tensor[] {
    const stretches = this.#stretches.get(whole);
    if (stretches === undefined) return [];
    this.#stretches.delete(whole);
    const together = stretches.length === 1 ? null : laidOut(whole, stretches);
    return together === null ? stretches.map((each) => padded(whole, each)) : [together];
  }
}

function padded({ shape }: Node, { axis, start, g }: Stretch): Tensor {
  const at = (amount: number): number[] => shape.map((_, i) => (i === axis ? amount : 0));
  const after = shape[axis] - start - g.shape[axis];
  return apply("pad", [g], { before: at(start), after: at(after), between: at(0), value: 0 });
}

/** Stretches side by side, with zeros between them; `null` if they overlap or are of different axes. */
function laidOut(whole: Node, stretches: readonly Stretch[]): Tensor | null {
  const [{ axis }] = stretches;
  const parts: Tensor[] = [];
  let end = 0;
  const fillTo = (start: number): void => {
    if (start === end) return;
    const shape = whole.shape.map((length, i) => (i === axis ? start - end : length));
    parts.push(zeros(shape, { dtype: whole.dtype }));
  };
  for (const each of stretches.toSorted((a, b) => a.start - b.start)) {
    if (each.axis !== axis || each.start < end) return null;
    fillTo(each.start);
    parts.push(each.g);
    end = each.start + each.g.shape[axis];
  }
  fillTo(whole.shape[axis]);
  return concat(parts, { axis });
}
