import {
  allocate,
  createLeaf,
  createNode,
  HostStorage,
  sizeOf,
  type DType,
  type Node,
  type Shape,
} from "@stargrad/graph";
import fc from "fast-check";

export function leaf(dtype: DType, shape: Shape, values: Iterable<number>): Node {
  const data = allocate(dtype, sizeOf(shape));
  data.set([...values].slice(0, data.length));
  return createLeaf(shape, dtype, new HostStorage(data));
}

/** Pseudo-random numbers with repetitions: a third of them are equal to another one. */
export function data(dtype: DType, shape: Shape, seed = 1): Node {
  const number = (i: number): number => Math.floor((Math.sin((i % 1000) * 12.9 + seed) * 43758.5) % 300);
  return leaf(
    dtype,
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => {
      if (dtype === "bool") return Math.abs(number(i)) % 2;
      return dtype === "int32" ? number(i) : number(i) / 7;
    }),
  );
}

export function indices(shape: Shape, size: number, seed = 1): Node {
  return leaf(
    "int32",
    shape,
    Array.from(
      { length: sizeOf(shape) },
      (_, i) => Math.abs(Math.imul(i * 7 + seed, 0x9e3779b1) >> 8) % size,
    ),
  );
}

export const all = (shape: Shape): number[] => shape.map((_, axis) => axis);
export const permute = (x: Node, axes: number[]): Node => createNode("permute", [x], { axes });
export const expand = (x: Node, shape: Shape): Node => createNode("expand", [x], { shape });
export const flip = (x: Node): Node => createNode("flip", [x], { axes: all(x.shape) });

/** Makes a tensor of a shape as a view of a leaf. `make` gets the shape of the leaf. */
type Arrangement = (shape: Shape, make: (shape: Shape) => Node) => Node;

const arrangements: readonly Arrangement[] = [
  (shape, make) => make(shape),
  (shape, make) => permute(make([...shape].reverse()), all(shape).reverse()),
  (shape, make) => flip(make(shape)),
  (shape, make) =>
    createNode("slice", [make(shape.map((length) => 2 * length + 1))], {
      starts: shape.map(() => 1),
      lengths: shape,
      steps: shape.map(() => 2),
    }),
  (shape, make) => expand(make([1, ...shape.slice(1)]), shape),
  (shape, make) => expand(make([...shape.slice(0, -1), 1]), shape),
  (shape, make) =>
    createNode("reshape", [permute(make([...shape].reverse()), all(shape).reverse())], { shape }),
  // An axis of two digits, of which the inner one has the larger stride.
  ([length, ...others], make) => {
    if (length % 2 === 1) return make([length, ...others]);
    const halves = make([length / 2, 2, ...others]);
    const swapped = permute(halves, [1, 0, ...others.map((_, i) => i + 2)]);
    return createNode("reshape", [swapped], { shape: [length, ...others] });
  },
];

/** For properties that must hold for every layout of a tensor. */
export const arrangement = fc.constantFrom(...arrangements);
export const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
