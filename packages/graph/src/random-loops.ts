import type { DType } from "./dtype.js";
import { HostStorage } from "./storage.js";
import { LoopBody } from "./loop-body.js";
import { createLeaf, createNode, Placeholder, topologicalOrder, type Node } from "./node.js";
import { draw, reals } from "./samples.js";
import { sizeOf } from "./shape.js";

/** The shape of every carry, slice and constant, so that any two of them can be combined. */
const shape = [3, 5];

/** A graph that contains a loop. Its result concatenates all outputs of the loop into one float64 vector. */
export interface RandomLoop {
  readonly name: string;
  readonly dtype: "float64" | "float32";
  readonly build: () => Node;
}

/** Pseudorandom loops; every call generates the same ones. */
export function* randomLoops(): Iterable<RandomLoop> {
  for (let seed = 1; seed <= 120; seed++) {
    for (const dtype of ["float64", "float32"] as const) {
      yield { name: `scan ${seed}, ${dtype}`, dtype, build: () => new RandomLoops(seed, dtype).build() };
    }
  }
}

class RandomLoops {
  readonly #dtype: DType;
  #state: number;
  #leaves = 0;

  constructor(seed: number, dtype: DType) {
    this.#state = seed;
    this.#dtype = dtype;
  }

  build(): Node {
    const outputs = this.#loop([this.#leaf(shape), this.#leaf(shape)], 0);
    // The tanh reads an output that is itself returned, so that one output is read twice.
    return row([...outputs, createNode("tanh", [outputs[0]], {})]);
  }

  /** A loop that reads `outside`, nodes of the graph around it; returns its outputs. */
  #loop(outside: readonly Node[], depth: number): Node[] {
    const length = [1, 2, 3, 5, 8][this.#below(5)];
    const carries = Array.from({ length: 1 + this.#below(3) }, () => new Placeholder(this.#type));
    const sequences = Array.from({ length: this.#below(3) }, () => new Placeholder(this.#type));
    const known: Node[] = [...carries, ...sequences, ...outside];
    const inside = 1 + this.#below(7);
    for (let i = 0; i < inside; i++) {
      if (depth < 2 && this.#below(8) === 0) {
        const inner = this.#loop(known, depth + 1).filter((node) => node.shape.length === 2);
        known.push(...inner);
      } else {
        known.push(this.#operation(known));
      }
    }
    // Favours the last nodes. A carry may also keep its value, swap values with another carry, or become a constant.
    const pick = (): Node => known[known.length - 1 - this.#below(this.#below(3) === 0 ? known.length : 3)];
    const next = carries.map(pick);
    const results = Array.from({ length: this.#below(4) }, pick);
    const order = topologicalOrder([...next, ...results], (node) => !outside.includes(node));
    const formals = new Set<Node>([...carries, ...sequences]);
    const depends = new Set<Node>(formals);
    for (const node of order) {
      if (node.operation?.inputs.some((input) => depends.has(input)) === true) depends.add(node);
    }
    const read = [...next, ...results, ...order.filter((node) => depends.has(node)).flatMap(inputsOf)];
    const constants = [...new Set(read.filter((node) => !depends.has(node)))];
    const body = new LoopBody({ constants, carries, sequences, next, results, inside: depends });
    const begin = carries.map(() => (this.#below(3) === 0 ? outside[0] : this.#leaf(shape)));
    const slices = sequences.map(() => this.#leaf([length, ...shape]));
    const reverse = this.#below(2) === 1;
    const loop = createNode("scan", [...constants, ...begin, ...slices], { body, length, reverse });
    return [...next, ...results].map((_, index) => createNode("scanOutput", [loop], { index }));
  }

  #operation(known: readonly Node[]): Node {
    const [a, b] = [this.#one(known), this.#one(known)];
    const [rows, columns] = shape;
    const expanded = (node: Node): Node => createNode("expand", [node], { shape });
    const builds: (() => Node)[] = [
      () => createNode("add", [a, b], {}),
      () => createNode("mul", [createNode("tanh", [a], {}), b], {}),
      () => createNode("sub", [b, createNode("sigmoid", [a], {})], {}),
      () => createNode("where", [createNode("less", [a, b], {}), a, b], {}),
      () => createNode("flip", [a], { axes: [1] }),
      () => createNode("cumsum", [a], { axis: 0 }),
      () => expanded(createNode("reshape", [createNode("sum", [a], { axes: [0] })], { shape: [1, columns] })),
      () => expanded(createNode("reshape", [createNode("max", [a], { axes: [1] })], { shape: [rows, 1] })),
      () => {
        const square = createNode("matmul", [createNode("permute", [a], { axes: [1, 0] }), b], {});
        return createNode("tanh", [createNode("matmul", [a, square], {})], {});
      },
      () => createNode("tanh", [createNode("matmul", [b, this.#leaf([columns, columns])], {})], {}),
      () => {
        const cut = createNode("slice", [a], { starts: [1, 0], lengths: [rows - 1, columns], steps: [1, 1] });
        return createNode("pad", [cut], { before: [0, 0], after: [1, 0], between: [0, 0], value: 0.5 });
      },
      () => {
        const order = createNode("argsort", [a], { axis: 1, descending: false });
        return createNode("gather", [b, order], { axis: 1 });
      },
    ];
    const built = builds[this.#below(builds.length)]();
    // tanh keeps numbers small. One in three results is left as it is, because then it may be written into a part of a buffer.
    return this.#below(3) === 0 ? built : createNode("tanh", [built], {});
  }

  #one(nodes: readonly Node[]): Node {
    return nodes[this.#below(nodes.length)];
  }

  #leaf(of: readonly number[]): Node {
    const { data } = draw(of, reals(-1, 1), this.#leaves++);
    const elements = this.#dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data);
    return createLeaf(of, this.#dtype, new HostStorage(elements));
  }

  get #type() {
    return { shape, dtype: this.#dtype };
  }

  /** A pseudorandom integer in [0, count). */
  #below(count: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((this.#state >>> 8) / 2 ** 24) * count);
  }
}

function inputsOf(node: Node): readonly Node[] {
  return node.operation?.inputs ?? [];
}

function row(nodes: readonly Node[]): Node {
  const flat = nodes.map((node) => {
    const line = createNode("reshape", [node], { shape: [sizeOf(node.shape)] });
    return createNode("cast", [line], { dtype: "float64" });
  });
  return createNode("concat", flat, { axis: 0 });
}
