import { sizeOf, type Node, type Operation } from "@stargrad/graph";
import type { LoopGraph } from "@stargrad/graph/internal";
import { joinLoops } from "./joined-loops.js";
import type { Kernel, Leaf, LoopExpression, MapKernel, MapResult } from "./kernel.js";
import { wholeOf, type Load, type LoopLowering } from "./loop-lowering.js";
import { replaceLeaves } from "./rewrite.js";
import type { Target } from "./target.js";

type Scan = Operation & { primitive: "scan" };

/** The kernel of a loop of one iteration, to be used with other buffers. */
interface Template {
  readonly kernel: MapKernel;
  /** The buffer of each input of the loop that the kernel reads, with the index of that input. */
  readonly inputs: ReadonlyMap<number, number>;
  /** For each result of the kernel, the index of the carry whose next value it is. */
  readonly carries: readonly number[];
}

/** By body, target and outputs. */
const templates = new WeakMap<LoopGraph, WeakMap<Target, Map<string, Template>>>();

/** Whether a loop can be lowered in place: it has one iteration, and only carries are read. */
export function isSingle({ attributes: { body, length } }: Scan, outputs: readonly number[]): boolean {
  return length === 1 && body.sequences.length === 0 && outputs.every((index) => index < body.next.length);
}

/**
 * Lowers a loop of one iteration as if its operations were part of the graph around it. An optimizer builds one such loop for each
 * parameter, with the same body for all parameters of one shape. A body that becomes one kernel is lowered once; the loops after
 * that use the kernel with other buffers.
 */
export function lowerSingle(
  { inputs, attributes: { body } }: Scan,
  outputs: readonly number[],
  lowering: LoopLowering,
): Map<number, Load> {
  const { target } = lowering.context();
  const ofBody = getOrMake(templates, body, () => new WeakMap<Target, Map<string, Template>>());
  const ofTarget = getOrMake(ofBody, target, () => new Map<string, Template>());
  const key = outputs.join();
  const template = ofTarget.get(key);
  if (template !== undefined) return applied(template, inputs, body, lowering);

  const wanted = outputs.map((index) => body.next[index]);
  const order = body.order(wanted);
  const read = new Set([...wanted, ...order.flatMap((node) => node.operation?.inputs ?? [])]);
  const known = new Map<Node, Load>();
  const inputOf = new Map<number, number>();
  for (const [i, formal] of [...body.constants, ...body.carries].entries()) {
    if (!read.has(formal)) continue;
    const { buffer } = lowering.copied(inputs[i]);
    known.set(formal, wholeOf(formal, buffer));
    inputOf.set(buffer, i);
  }
  const lowered = lowering.lowerBody({ order, wanted, known, destinations: new Map() });
  const kernels = [...lowered.copies, ...lowered.kernels];
  lowering.kernels.push(...kernels);
  const loads = wanted.map((node) => lowered.expressions.get(node));
  // A template needs a buffer of its own for each input, to tell the inputs apart.
  if (inputOf.size === known.size) {
    const made = templateOf(joinLoops(kernels, target), outputs, loads, inputOf);
    if (made !== null) ofTarget.set(key, made);
  }
  return new Map(outputs.map((index, i) => [index, expectLoad(loads[i])]));
}

/** The template of a body that is one loop without results that only the loop itself reads; `null` for any other. */
function templateOf(
  kernels: readonly Kernel[],
  outputs: readonly number[],
  loads: readonly (LoopExpression | undefined)[],
  inputs: Template["inputs"],
): Template | null {
  const kernel = kernels.at(0);
  if (kernel?.kind !== "map" || kernels.length > 1) return null;
  const carries = new Map(loads.map((load, i) => [expectLoad(load).buffer, outputs[i]]));
  const results = kernel.results.filter(({ buffer }) => carries.has(buffer));
  if (results.length !== outputs.length) return null;
  return {
    kernel: { ...kernel, results },
    inputs,
    carries: results.map(({ buffer }) => carries.get(buffer) ?? 0),
  };
}

/** Adds the kernel of a template with the buffers of these inputs and new buffers for the results. */
function applied(
  { kernel, inputs: inputOf, carries }: Template,
  inputs: readonly Node[],
  body: LoopGraph,
  lowering: LoopLowering,
): Map<number, Load> {
  const buffers = new Map<number, number>();
  for (const [buffer, index] of inputOf) buffers.set(buffer, lowering.copied(inputs[index]).buffer);
  const moved = (leaf: Leaf): LoopExpression =>
    leaf.kind === "load" ? { ...leaf, buffer: buffers.get(leaf.buffer) ?? leaf.buffer } : leaf;
  const known = new Map<LoopExpression, LoopExpression | null>();
  const loads = new Map<number, Load>();
  const results: MapResult[] = [];
  for (const [i, { expression, layout }] of kernel.results.entries()) {
    const { dtype, shape, operation } = body.next[carries[i]];
    const contents = operation?.primitive ?? "data";
    const buffer = lowering.addBuffer({ contents, shape, dtype, size: sizeOf(shape) });
    results.push({ expression: replaceLeaves(expression, moved, known) ?? expression, buffer, layout });
    loads.set(carries[i], wholeOf({ dtype, shape }, buffer));
  }
  lowering.kernels.push({ ...kernel, results });
  return loads;
}

function expectLoad(expression: LoopExpression | undefined): Load {
  if (expression?.kind === "load") return expression;
  throw new Error("a wanted node of a loop body has not been materialized");
}

function getOrMake<Key extends object, Value>(
  known: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
