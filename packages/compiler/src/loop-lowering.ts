import { sizeOf, type Node, type Operation } from "@stargrad/graph";
import type { BufferSpec, Kernel, LoopExpression, Operand, View } from "./kernel.js";
import type { LoweringContext } from "./lowering.js";
import { contiguous, type Layout } from "./layout.js";

type Load = Extract<LoopExpression, { kind: "load" }>;

/** The input of lowering a loop body: its nodes in order, the loads for its formals, and the buffers for some of its nodes. */
export interface BodyLowering {
  readonly order: readonly Node[];
  readonly wanted: readonly Node[];
  /** The loads for nodes that are not in `order`. */
  readonly known: ReadonlyMap<Node, Load>;
  /** The buffers into which some nodes must be computed. */
  readonly destinations: ReadonlyMap<Node, number>;
}

export interface LoweredBody {
  /** Copies of constants, to be computed once, before the loop. */
  readonly copies: readonly Kernel[];
  readonly kernels: readonly Kernel[];
  /** The expressions of the wanted nodes. */
  readonly expressions: ReadonlyMap<Node, LoopExpression>;
}

/** The services that lowering a loop needs. */
export interface LoopLowering {
  /** The kernels so far; lowering appends to it. */
  readonly kernels: Kernel[];
  readonly addBuffer: (spec: BufferSpec) => number;
  readonly context: () => LoweringContext;
  /** A node as a load from a buffer, through any layout. */
  readonly loaded: (node: Node) => Load;
  /** A node materialized in a separate, contiguous buffer. */
  readonly copied: (node: Node) => Operand;
  /** Writes a node's elements into a part of a buffer. */
  readonly writeTo: (buffer: number, layout: Layout | null, node: Node) => void;
  readonly lowerBody: (body: BodyLowering) => LoweredBody;
}

type Scan = Operation & { primitive: "scan" };

/**
 * Lowers the given outputs of a loop, and everything they depend on, to one kernel. Returns the load for each output.
 *
 * A carry has a double buffer: each iteration reads one half and writes the other. Slices of sequences and of stacked results are
 * parts of their buffers. All of these are views whose offsets change with the iteration; the body is compiled once.
 */
export function lowerScan(
  { inputs, attributes: { body, length, reverse } }: Scan,
  outputs: readonly number[],
  lowering: LoopLowering,
): Map<number, Load> {
  const carryCount = body.carries.length;
  const results = outputs.filter((index) => index >= carryCount).map((index) => index - carryCount);
  const needed = neededCarries(
    body,
    outputs.filter((index) => index < carryCount),
    results,
  );
  const wanted = [...needed.carries.map((i) => body.next[i]), ...results.map((j) => body.results[j])];

  const views: View[] = [];
  const known = new Map<Node, Load>();
  const destinations = new Map<Node, number[]>();
  const addDestination = (node: Node, view: number): void => {
    const buffers = destinations.get(node);
    if (buffers === undefined) destinations.set(node, [view]);
    else buffers.push(view);
  };
  const addView = (node: Node, view: Omit<View, "buffer">): number => {
    const { dtype, shape } = node;
    const buffer = lowering.addBuffer({ contents: "part", shape, dtype, size: sizeOf(shape) });
    views.push({ buffer, ...view });
    return buffer;
  };
  const slices = (source: number, size: number): Omit<View, "buffer"> => ({
    source,
    offset: reverse ? (length - 1) * size : 0,
    stride: reverse ? -size : size,
    alternates: false,
  });

  body.constants.forEach((formal, i) => {
    if (needed.read.has(formal)) known.set(formal, lowering.loaded(inputs[i]));
  });
  const states = new Map<number, number>();
  for (const i of needed.carries) {
    const formal = body.carries[i];
    const { dtype, shape } = formal;
    const size = sizeOf(shape);
    const source = lowering.addBuffer({ contents: "carry", shape, dtype, size: 2 * size });
    lowering.writeTo(source, contiguous(shape), inputs[body.constants.length + i]);
    states.set(i, source);
    known.set(
      formal,
      wholeOf(formal, addView(formal, { source, offset: 0, stride: size, alternates: true })),
    );
    addDestination(body.next[i], addView(formal, { source, offset: size, stride: -size, alternates: true }));
  }
  body.sequences.forEach((formal, i) => {
    if (!needed.read.has(formal)) return;
    const { buffer } = lowering.copied(inputs[body.constants.length + carryCount + i]);
    known.set(formal, wholeOf(formal, addView(formal, slices(buffer, sizeOf(formal.shape)))));
  });
  const stacks = new Map<number, number>();
  for (const j of results) {
    const { dtype, shape } = body.results[j];
    const size = sizeOf(shape);
    const source = lowering.addBuffer({
      contents: "stack",
      shape: [length, ...shape],
      dtype,
      size: length * size,
    });
    stacks.set(j, source);
    addDestination(body.results[j], addView(body.results[j], slices(source, size)));
  }

  const order = body.order(wanted);
  const firstDestinations = new Map<Node, number>();
  for (const node of order) {
    const first = destinations.get(node)?.at(0);
    if (first !== undefined) firstDestinations.set(node, first);
  }
  const { all: findings } = lowering.context().findings;
  const before = findings.length;
  const lowered = lowering.lowerBody({ order, wanted, known, destinations: firstDestinations });
  const kernels = [...lowered.kernels];
  for (const [node, buffers] of destinations) {
    const expression = lowered.expressions.get(node);
    if (expression === undefined) throw new Error("a wanted node of a loop body has not been lowered");
    for (const buffer of buffers) {
      if (expression.kind === "load" && expression.buffer === buffer) continue;
      if (sizeOf(node.shape) === 0) continue;
      const layout = contiguous(node.shape);
      kernels.push({ kind: "map", shape: node.shape, results: [{ expression, buffer, layout }] });
    }
  }
  const found = findings.slice(before).flatMap(({ found, value }) => [found, value]);
  lowering.kernels.push(...lowered.copies, {
    kind: "scan",
    length,
    kernels,
    views,
    results: [...[...destinations.values()].flat(), ...found],
  });

  return new Map(
    outputs.map((index) => {
      const state = states.get(index);
      if (index >= carryCount || state === undefined) {
        const result = body.results[index - carryCount];
        const stack = stacks.get(index - carryCount) ?? 0;
        return [index, wholeOf({ dtype: result.dtype, shape: [length, ...result.shape] }, stack)];
      }
      const { shape, dtype } = body.carries[index];
      const layout = { ...contiguous(shape), offset: (length % 2) * sizeOf(shape) };
      return [index, { kind: "load", dtype, buffer: state, layout }];
    }),
  );
}

/** The carries that the given carries and results depend on, and all nodes that are read to compute them. */
function neededCarries(
  body: Scan["attributes"]["body"],
  carries: readonly number[],
  results: readonly number[],
): { readonly carries: readonly number[]; readonly read: ReadonlySet<Node> } {
  let needed = carries;
  for (;;) {
    const wanted = [...needed.map((i) => body.next[i]), ...results.map((j) => body.results[j])];
    const read = new Set([...wanted, ...body.order(wanted).flatMap((node) => node.operation?.inputs ?? [])]);
    const more = [...body.carries.keys()].filter((i) => needed.includes(i) || read.has(body.carries[i]));
    if (more.length === needed.length) return { carries: more, read };
    needed = more;
  }
}

function wholeOf({ dtype, shape }: Pick<Node, "dtype" | "shape">, buffer: number): Load {
  return { kind: "load", dtype, buffer, layout: contiguous(shape) };
}
