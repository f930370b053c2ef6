import type { Node, Operation, Shape } from "@stargrad/graph";
import type { Kernel, LoopExpression, ProductKernel } from "./kernel.js";
import { contiguous, digit, slice, type Layout } from "./layout.js";
import { overlappingProduct, type Part } from "./overlapping-product.js";

/** The contents of a buffer, which determine its name, type and size. */
export type BufferContents = Pick<Node, "operation" | "dtype" | "shape">;

/** The services that lowering `pad`, `concat` and `fold` needs. */
export interface Placing {
  /** The kernels so far; lowering appends to it. */
  readonly kernels: Kernel[];
  /** The product whose whole result a buffer holds, if there is one. */
  readonly productIn: (buffer: number) => ProductKernel | undefined;
  readonly allocate: (contents: BufferContents) => number;
  readonly expressionOf: (node: Node) => LoopExpression;
  /** The operation that reads a node, if there is exactly one and the node is not an output. */
  readonly onlyUser: (node: Node) => Operation | null;
  /** A node's expression with changed layouts. */
  readonly seenThrough: (node: Node, change: (layout: Layout) => Layout | null) => LoopExpression;
  /** Writes a node's elements into a part of a buffer. */
  readonly writeTo: (buffer: number, layout: Layout | null, node: Node) => void;
}

/** Returns the buffer of the result. */
export function lowerPad(
  node: Node,
  { inputs: [input], attributes }: Operation & { primitive: "pad" },
  { kernels, allocate, writeTo }: Placing,
): number {
  const { before, between, value } = attributes;
  const buffer = allocate(node);
  kernels.push({ kind: "fill", buffer, value });
  const steps = between.map((count) => count + 1);
  writeTo(buffer, slice(contiguous(node.shape), before, input.shape, steps), input);
  return buffer;
}

/** Returns the buffer of the result. */
export function lowerConcat(
  node: Node,
  { inputs, attributes: { axis } }: Operation & { primitive: "concat" },
  { allocate, writeTo }: Placing,
): number {
  const buffer = allocate(node);
  const whole = contiguous(node.shape);
  const steps = node.shape.map(() => 1);
  let start = 0;
  for (const input of inputs) {
    const starts = node.shape.map((_, i) => (i === axis ? start : 0));
    writeTo(buffer, slice(whole, starts, input.shape, steps), input);
    start += input.shape[axis];
  }
  return buffer;
}

/**
 * Lowers `fold`. If the windows are a matrix product, computes the sum by products. Otherwise adds one index of the windows at a
 * time, each by an ordinary loop: the elements at the same index of all windows go to different elements of the output.
 */
export function lowerOverlapAdd(
  node: Node,
  operation: Operation & { primitive: "fold" },
  placing: Placing,
): LoopExpression {
  const product = productFor(node, operation, placing);
  if (product !== null) return product;
  const { kernels, allocate, seenThrough } = placing;
  const { size, stride, dilation } = operation.attributes;
  const [input] = operation.inputs;
  const { dtype, shape } = node;
  const outer = shape.length - size.length;
  const positions = input.shape.slice(0, shape.length);
  const buffer = allocate(node);
  const whole = contiguous(shape);
  kernels.push({ kind: "fill", buffer, value: 0 });
  for (const tap of indicesOf(size)) {
    const addend = seenThrough(input, (layout) => {
      const starts = [...positions.map(() => 0), ...tap];
      const lengths = [...positions, ...tap.map(() => 1)];
      const steps = starts.map(() => 1);
      const cut = slice(layout, starts, lengths, steps);
      return cut && { ...cut, axes: cut.axes.slice(0, positions.length) };
    });
    const starts = positions.map((_, axis) =>
      axis < outer ? 0 : tap[axis - outer] * dilation[axis - outer],
    );
    const steps = positions.map((_, axis) => (axis < outer ? 1 : stride[axis - outer]));
    const layout = slice(whole, starts, positions, steps);
    if (layout === null) throw new Error("a contiguous buffer cannot be sliced");
    const known: LoopExpression = { kind: "load", dtype, buffer, layout };
    const expression: LoopExpression = { kind: "apply", dtype, primitive: "add", inputs: [known, addend] };
    kernels.push({ kind: "map", shape: positions, results: [{ expression, buffer, layout }] });
  }
  return { kind: "load", dtype, buffer, layout: whole };
}

/** The sum of windows that are a product, or the part of the sum that is read; `null` if the windows are no product. */
function productFor(
  node: Node,
  operation: Operation & { primitive: "fold" },
  { kernels, productIn, allocate, expressionOf, onlyUser }: Placing,
): LoopExpression | null {
  const windows = expressionOf(operation.inputs[0]);
  if (windows.kind !== "load") return null;
  const product = productIn(windows.buffer);
  if (product === undefined) return null;
  const part = partRead(node, operation.attributes.size.length, onlyUser(node));
  const found = overlappingProduct(product, windows.layout, operation.attributes, part);
  if (found === null) return null;

  const { dtype } = node;
  const padded = allocate({ operation, dtype, shape: found.padded });
  const buffer = allocate({ operation, dtype, shape: part.shape });
  const { shape: copied, from, to } = found.copy;
  if (copied.some((length, axis) => length !== found.padded[axis])) {
    kernels.push({ kind: "fill", buffer: padded, value: 0 });
  }
  const expression = { kind: "load", dtype, buffer: product.b.buffer, layout: from } as const;
  kernels.push({ kind: "map", shape: copied, results: [{ expression, buffer: padded, layout: to }] });
  if (found.leavesZeros) kernels.push({ kind: "fill", buffer, value: 0 });
  kernels.push(...found.products(padded, buffer));

  // The layout has the shape of the whole node, although the buffer holds only the part that is read.
  const strides = contiguous(part.shape).axes.map((digits) => digits.at(0)?.stride ?? 0);
  const offset = -part.starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  const axes = node.shape.map((length, axis) => digit(length, strides[axis]));
  return { kind: "load", dtype, buffer, layout: { offset, axes } };
}

/** The part of a node that its only user slices along the last axes; otherwise the whole node. */
function partRead({ shape }: Node, rank: number, user: Operation | null): Part {
  const all = { starts: shape.map(() => 0), shape };
  if (user?.primitive !== "slice") return all;
  const { starts, lengths, steps } = user.attributes;
  const outerIsWhole = shape.slice(0, -rank).every((length, axis) => length === lengths[axis]);
  return outerIsWhole && steps.every((step) => step === 1) ? { starts, shape: lengths } : all;
}

/** Every index into an array of this shape, row-major. */
function indicesOf(shape: Shape): number[][] {
  return shape.reduce(
    (outer: number[][], length) => outer.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}
