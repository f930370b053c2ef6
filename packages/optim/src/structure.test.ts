import { assignAll, Parameter, type Assignments, type Variable } from "@stargrad/autograd";
import { tensor, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import * as optim from "./index.js";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  Lamb,
  Lion,
  Muon,
  NAdam,
  RAdam,
  RMSprop,
  SGD,
  type Optimizer,
  type OptimizerOptions,
} from "./index.js";

type Node = Tensor["node"];

/** Names for variables, in the order of their first use, constant across steps. */
class Names {
  readonly #names = new Map<Variable, string>();

  /** By the current nodes of the variables. */
  of(variables: Iterable<Variable>): Map<Node, string> {
    for (const variable of variables) {
      if (!this.#names.has(variable)) this.#names.set(variable, `variable ${this.#names.size}`);
    }
    return new Map([...this.#names].map(([variable, name]) => [variable.node, name]));
  }
}

/** The operations of updates, in order, with what they are applied to; and the leaves that they begin with. */
function describeUpdates(updates: Assignments, names: ReadonlyMap<Node, string>) {
  const lines: string[] = [];
  const known = new Map<Node, string>();
  const visit = (node: Node): string => {
    const seen = known.get(node);
    if (seen !== undefined) return seen;
    const { operation, dtype, shape } = node;
    const inputs = operation?.inputs.map(visit) ?? [];
    const name = names.get(node) ?? `node ${known.size}`;
    known.set(node, name);
    const made = `${operation?.primitive}(${inputs.join()}) ${JSON.stringify(operation?.attributes)}`;
    lines.push(`${name}: ${dtype} [${shape.join()}] ${operation === null ? "leaf" : made}`);
    return name;
  };
  for (const [variable, value] of updates) {
    lines.push(`${names.get(variable.node)} becomes ${visit(value.node)}`);
  }
  return { lines, leaves: [...known.keys()].filter(({ operation }) => operation === null) };
}

/** Matrices, one wide and one tall, that have gradients. */
function matrices(): Parameter[] {
  return [
    [2, 3],
    [3, 2],
  ].map((shape) => {
    const parameter = new Parameter(zeros(shape));
    parameter.grad = tensor(new Float32Array(6).fill(1), { shape });
    return parameter;
  });
}

/** The updates of the next step, which is then not taken. */
function nextUpdates(optimizer: Optimizer, parameters: readonly Parameter[]): Assignments {
  let built: Assignments = [];
  const notTaken = new Error("not taken");
  expect(() => {
    optimizer.advance(parameters, (updates) => {
      built = updates();
      throw notTaken;
    });
  }).toThrow(notTaken);
  return built;
}

function structureOf(optimizer: Optimizer, parameters: readonly Parameter[], names: Names): string[] {
  const updates = nextUpdates(optimizer, parameters);
  return describeUpdates(updates, names.of(updates.map(([variable]) => variable))).lines;
}

/** Sets the step counts of all parameters to this number. */
function goTo(optimizer: Optimizer, steps: number): void {
  const state = optimizer.stateDict();
  for (const name of state.keys()) {
    if (name.endsWith(".step")) state.set(name, tensor(steps, { dtype: "int32" }));
  }
  optimizer.loadStateDict(state);
}

const kinds = { Adadelta, Adagrad, Adam, Adamax, AdamW, Lamb, Lion, Muon, NAdam, RAdam, RMSprop, SGD };

const cases: readonly [kind: keyof typeof kinds, options: OptimizerOptions & Record<string, unknown>][] = [
  ["Adadelta", {}],
  ["Adadelta", { weightDecay: 0.1 }],
  ["Adagrad", { initialAccumulatorValue: 0.5 }],
  ["Adagrad", { learningRateDecay: 0.1, weightDecay: 0.1 }],
  ["Adam", {}],
  ["Adam", { amsgrad: true, weightDecay: 0.1, maximize: true }],
  ["Adamax", {}],
  ["Adamax", { weightDecay: 0.1 }],
  ["AdamW", {}],
  ["AdamW", { amsgrad: true, weightDecay: 0 }],
  ["Lamb", {}],
  ["Lamb", { weightDecay: 0 }],
  ["Lion", {}],
  ["Lion", { weightDecay: 0.1 }],
  ["Muon", {}],
  ["Muon", { matchAdamW: true, nesterov: false, iterations: 2, weightDecay: 0 }],
  ["NAdam", {}],
  ["NAdam", { weightDecay: 0.1 }],
  ["NAdam", { weightDecay: 0.1, decoupledWeightDecay: true }],
  ["RAdam", {}],
  ["RAdam", { weightDecay: 0.1 }],
  ["RAdam", { weightDecay: 0.1, decoupledWeightDecay: true }],
  ["RMSprop", {}],
  ["RMSprop", { centered: true, momentum: 0.9, weightDecay: 0.1 }],
  ["SGD", {}],
  ["SGD", { momentum: 0.9, dampening: 0.5 }],
  ["SGD", { momentum: 0.9, nesterov: true, weightDecay: 0.1 }],
];

/** Options before and after a change between two steps. */
const changes: readonly [
  kind: keyof typeof kinds,
  from: Record<string, unknown>,
  to: Record<string, unknown>,
][] = [
  ["Adadelta", { rho: 0.5 }, { rho: 0.9 }],
  ["Adadelta", {}, { weightDecay: 0.1 }],
  ["Adagrad", { epsilon: 0 }, { epsilon: 1 }],
  ["Adagrad", {}, { weightDecay: 0.1 }],
  ["Adam", { weightDecay: 0.1, betas: [0.5, 0.75] }, { weightDecay: 0.2, betas: [0, 0] }],
  ["Adam", {}, { weightDecay: 0.1 }],
  ["Adam", {}, { amsgrad: true }],
  ["Adam", {}, { maximize: true }],
  ["Adamax", {}, { weightDecay: 0.1 }],
  ["AdamW", { weightDecay: 0.1 }, { weightDecay: 0.2 }],
  ["AdamW", {}, { weightDecay: 0 }],
  ["AdamW", {}, { amsgrad: true }],
  ["Lamb", {}, { weightDecay: 0 }],
  ["Lamb", { betas: [0.5, 0.75] }, { betas: [0, 0], epsilon: 1 }],
  ["Lion", {}, { weightDecay: 0.1 }],
  ["Lion", { weightDecay: 0.2 }, { weightDecay: 0.1 }],
  ["Muon", { momentum: 0, coefficients: [1, 2, 3] }, { momentum: 0.5, coefficients: [0, 0, 0] }],
  ["Muon", {}, { iterations: 4 }],
  ["Muon", {}, { nesterov: false }],
  ["Muon", {}, { weightDecay: 0 }],
  ["NAdam", {}, { weightDecay: 0.1 }],
  ["NAdam", { weightDecay: 0.1 }, { weightDecay: 0.1, decoupledWeightDecay: true }],
  ["NAdam", {}, { decoupledWeightDecay: true }],
  ["RAdam", {}, { weightDecay: 0.1 }],
  ["RAdam", { weightDecay: 0.1 }, { weightDecay: 0.1, decoupledWeightDecay: true }],
  ["RMSprop", { alpha: 0 }, { alpha: 0.5 }],
  ["RMSprop", {}, { centered: true }],
  ["RMSprop", {}, { momentum: 0.5 }],
  ["RMSprop", { momentum: 0.25 }, { momentum: 0.5 }],
  ["SGD", {}, { momentum: 0.5 }],
  ["SGD", { momentum: 0.5 }, { momentum: 0.5, nesterov: true }],
  ["SGD", { momentum: 0.5, dampening: 1 }, { momentum: 0.25 }],
  ["SGD", {}, { weightDecay: 0.5 }],
];

it("every optimizer has options here", () => {
  const exported = Object.entries(optim).flatMap(([name, value]) =>
    typeof value === "function" && value.prototype instanceof optim.Optimizer ? [name] : [],
  );
  const missing = exported.filter((name) => !cases.some(([kind]) => kind === name));
  expect(missing, "add these to `kinds`, `cases` and `changes` in this file").toEqual([]);
  expect(Object.keys(kinds).sort()).toEqual(exported.sort());
});

it("every optimizer is told apart by what chooses its operations", () => {
  const missing = Object.keys(kinds).filter((name) => !changes.some(([kind]) => kind === name));
  expect(missing, "add these to `changes` in this file").toEqual([]);
});

describe.each(cases)("the program of %s %j", (kind, options) => {
  const start = () => {
    const parameters = matrices();
    const optimizer: Optimizer = new kinds[kind](parameters, options);
    return { parameters, optimizer };
  };

  it("is the same at every step and learning rate", () => {
    const { parameters, optimizer } = start();
    const names = new Names();
    const first = structureOf(optimizer, parameters, names);
    const key = optimizer.programKey(parameters);
    optimizer.step();
    for (const step of [2, 3, 7, 1000]) {
      goTo(optimizer, step - 1);
      optimizer.groups[0].learningRate /= 2;
      expect(structureOf(optimizer, parameters, names), `step ${step}`).toEqual(first);
      expect(optimizer.programKey(parameters)).toBe(key);
    }
  });

  it("contains no numbers that change, and shares its numbers between parameters", () => {
    const { parameters, optimizer } = start();
    const update = vi.spyOn(optimizer as unknown as { update: Optimizer["update"] }, "update");
    const constantsAt = (step: number) => {
      goTo(optimizer, step - 1);
      update.mockClear();
      const updates = nextUpdates(optimizer, parameters);
      const [[, , , numbers], [, , , numbersOfOther]] = update.mock.calls;
      expect(Object.keys(numbers).length).toBeGreaterThan(0);
      for (const [name, number] of Object.entries(numbers)) expect(numbersOfOther[name]).toBe(number);
      const inputs = new Set<Node>([
        ...updates.map(([variable]) => variable.node),
        ...parameters.flatMap(({ grad }) => grad?.node ?? []),
        ...Object.values(numbers).map(({ node }) => node),
      ]);
      const { leaves } = describeUpdates(updates, new Map());
      return leaves.filter((leaf) => !inputs.has(leaf)).map((leaf) => leaf.storage?.readSync());
    };
    optimizer.step();
    const constants = constantsAt(2);
    optimizer.groups[0].learningRate /= 2;
    expect(constantsAt(1000)).toEqual(constants);
  });
});

describe("programKey", () => {
  it.each(changes)("of %s tells %j from %j exactly if the operations differ", (kind, from, to) => {
    const parameters = matrices();
    const names = new Names();
    const optimizer: Optimizer = new kinds[kind](parameters, from);
    optimizer.step();
    const described = () => [optimizer.programKey(parameters), structureOf(optimizer, parameters, names)];
    const [key, structure] = described();
    const defaults = new kinds[kind](parameters).groups[0];
    Object.assign(optimizer.groups[0], defaults, to);
    const [otherKey, otherStructure] = described();
    expect(otherKey === key).toBe(JSON.stringify(otherStructure) === JSON.stringify(structure));
    Object.assign(optimizer.groups[0], defaults, from);
    expect(described()).toEqual([key, structure]);
  });

  it("depends on which parameters take a step, and which have the same step number", () => {
    const parameters = matrices();
    const optimizer = new Adam(parameters);
    const key = () => optimizer.programKey(parameters);
    const together = key();
    expect(optimizer.programKey(parameters.slice(1))).not.toBe(together);
    optimizer.advance(parameters.slice(1), (updates) => {
      assignAll(updates());
    });
    const apart = key();
    expect(apart).not.toBe(together);
    optimizer.step();
    expect(key()).toBe(apart);
    goTo(optimizer, 5);
    expect(key()).toBe(together);
  });
});
