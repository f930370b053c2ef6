import { StaleValueError } from "@stargrad/graph";
import { realize, Tensor, tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backward, Buffer, Parameter } from "./index.js";

function float64(...elements: number[]): Tensor {
  return tensor(elements, { dtype: "float64" });
}

function named(name: string, value: Tensor): Parameter {
  const parameter = new Parameter(value);
  parameter.name = name;
  return parameter;
}

/** One optimizer step on Σ (w x)². */
function step(w: Parameter, x: Tensor): { loss: Tensor; logits: Tensor; gradient: Tensor } {
  const logits = w.mul(x);
  const loss = logits.square().sum();
  backward(loss);
  if (w.grad === null) throw new Error("backward left no gradient");
  const gradient = w.grad;
  w.assign(w.sub(gradient.mul(0.25)));
  w.grad = null;
  return { loss, logits, gradient };
}

describe("after a step", () => {
  it("loss, logits and gradient are those before the step", () => {
    const w = named("w", float64(1, 2));
    const { loss, logits, gradient } = step(w, float64(1, 3));
    expect(logits.toArraySync()).toEqual([1, 6]);
    expect(loss.itemSync()).toBe(37);
    expect(gradient.toArraySync()).toEqual([2, 36]);
    expect(w.toArraySync()).toEqual([0.5, -7]);
  });

  it("two steps later, unmaterialized values throw an error that names the parameter", () => {
    const w = named("layers.0.weight", float64(1, 2));
    const { logits } = step(w, float64(1, 3));
    step(w, float64(1, 1));
    expect(() => logits.dataSync()).toThrow(StaleValueError);
    expect(() => logits.dataSync()).toThrowErrorMatchingInlineSnapshot(
      `[StaleValueError: realize: needs the value that the parameter layers.0.weight [2] had before its last two updates; only its current and its previous value are kept. Read or realize a tensor before the variables it was computed from are updated twice]`,
    );
  });

  it("two steps later, materialized values are still correct: those read, the loss and the gradient", () => {
    const w = named("w", float64(1, 2));
    const { loss, logits, gradient } = step(w, float64(1, 3));
    logits.dataSync();
    for (let i = 0; i < 5; i++) step(w, float64(1, 1));
    expect(logits.toArraySync()).toEqual([1, 6]);
    expect(loss.itemSync()).toBe(37);
    expect(gradient.toArraySync()).toEqual([2, 36]);
  });

  it("a handle on an old value throws once the value is released", () => {
    const w = named("w", float64(1, 2));
    const old = new Tensor(w.node);
    step(w, float64(1, 3));
    expect(old.toArraySync()).toEqual([1, 2]);
    step(w, float64(1, 3));
    expect(() => old.dataSync()).toThrow(StaleValueError);
    expect(old.node.storage).toBeNull();
  });

  it("the loss needs no further program, and neither do gradients of parameters without optimizer", () => {
    const [w, idle] = [named("w", float64(1, 2)), named("idle", float64(3, 4))];
    const loss = w.mul(idle).sum();
    backward(loss);
    w.assign(w.sub(w.grad ?? w));
    expect(loss.node.storage).not.toBeNull();
    expect(idle.grad?.node.storage).not.toBeNull();
  });

  it("a gradient that was not needed for the new value is still correct", () => {
    const w = named("w", float64(1, 2));
    backward(w.square().sum());
    for (let i = 0; i < 5; i++) w.assign(w.mul(10));
    expect(w.grad?.toArraySync()).toEqual([2, 4]);
  });

  it("a parameter without optimizer accumulates values and no graphs", () => {
    const [w, idle] = [named("w", float64(1)), named("idle", float64(1))];
    for (let i = 0; i < 20; i++) {
      backward(w.mul(idle).sum());
      w.assign(w.add(1));
      w.grad = null;
      expect(idle.grad?.node.history).toBeLessThan(4);
    }
    // 1 + 2 + … + 20, what w was at each of the losses.
    expect(idle.grad?.dataSync()[0]).toBe(210);
  });
});

describe("backward", () => {
  it("of an old loss throws before it changes a gradient", () => {
    const w = named("w", float64(1, 2));
    const { loss } = step(w, float64(1, 3));
    step(w, float64(1, 1));
    expect(() => {
      backward(loss);
    }).toThrow(StaleValueError);
    expect(w.grad).toBeNull();
  });
});

describe("an unnamed variable", () => {
  it("is known by its kind and shape", () => {
    const mean = new Buffer(float64(0, 0));
    const y = mean.add(1);
    mean.assign(float64(1, 1));
    mean.assign(float64(2, 2));
    expect(() => y.dataSync()).toThrow(
      "needs the value that a buffer of shape [2] had before its last two updates",
    );
  });
});

it("freezing and unfreezing is not an update", () => {
  const w = named("w", float64(1, 2));
  const y = w.mul(2);
  for (let i = 0; i < 5; i++) w.requiresGradient = !w.requiresGradient;
  w.assign(float64(0, 0));
  for (let i = 0; i < 4; i++) w.requiresGradient = !w.requiresGradient;
  expect(y.toArraySync()).toEqual([2, 4]);
  w.assign(float64(0, 0));
  expect(() => y.mul(1).dataSync()).not.toThrow();
  expect(() => w.mul(1).dataSync()).not.toThrow();
});

/** The expected value of a handle, from a separate model of the dependencies. */
interface Expected {
  readonly handle: Tensor;
  readonly value: readonly number[];
  /** For a handle on a variable's value: which variable, and which of its values. */
  readonly leaf?: { readonly variable: number; readonly version: number };
  readonly inputs: readonly Expected[];
  kept: boolean;
}

const command = fc.record({
  kind: fc.constantFrom("use", "add", "mul", "half", "stop", "assign", "read", "realize", "thaw", "hold"),
  a: fc.nat(1000),
  b: fc.nat(1000),
});

describe("random sequences of computing, assigning and reading", () => {
  it("a read returns the value at the time of computing, or throws an error that names an updated variable", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 60 }), (commands) => {
        const variables = [named("p", float64(1, 2)), named("q", float64(3, -1))];
        const versions = [[[1, 2]], [[3, -1]]];
        const known: Expected[] = [];

        const currentOf = (variable: number): Expected => ({
          handle: variables[variable],
          value: versions[variable].at(-1) ?? [],
          leaf: { variable, version: versions[variable].length - 1 },
          inputs: [],
          kept: false,
        });
        const isThere = ({ kept, leaf, inputs }: Expected): boolean =>
          kept || (leaf ? versions[leaf.variable].length - 1 - leaf.version <= 1 : inputs.every(isThere));
        const staleIn = ({ kept, leaf, inputs }: Expected): string[] => {
          if (kept) return [];
          if (leaf === undefined) return inputs.flatMap(staleIn);
          return versions[leaf.variable].length - 1 - leaf.version > 1
            ? [variables[leaf.variable].name ?? ""]
            : [];
        };
        const compute = (handle: Tensor, value: number[], ...inputs: Expected[]): void => {
          known.push({ handle, value, inputs, kept: false });
        };
        /** Runs an action that needs the values of some handles, and checks that it throws exactly if one is released. */
        const needing = (needed: readonly Expected[], act: () => void, { keeps = true } = {}): boolean => {
          const gone = [...new Set(needed.flatMap(staleIn))];
          if (needed.every(isThere)) {
            act();
            for (const expected of needed) expected.kept ||= keeps && expected.leaf === undefined;
            return true;
          }
          expect(act).toThrow(new RegExp(`the parameter (${gone.join("|")}) `));
          return false;
        };

        for (const { kind, a, b } of commands) {
          const variable = a % 2;
          const left = known.length === 0 ? currentOf(variable) : known[a % known.length];
          const right = b % 3 === 0 || known.length === 0 ? currentOf(b % 2) : known[b % known.length];
          const { value } = left;
          if (kind === "use")
            compute(
              variables[variable].add(0),
              // −0 + 0 is +0.
              currentOf(variable).value.map((x) => x + 0),
              currentOf(variable),
            );
          else if (kind === "add")
            compute(
              left.handle.add(right.handle),
              value.map((x, i) => x + right.value[i]),
              left,
              right,
            );
          else if (kind === "mul")
            compute(
              left.handle.mul(right.handle),
              value.map((x, i) => x * right.value[i]),
              left,
              right,
            );
          else if (kind === "half")
            compute(
              left.handle.mul(0.5),
              value.map((x) => x * 0.5),
              left,
            );
          else if (kind === "stop") compute(left.handle.detach(), [...value], left);
          else if (kind === "hold") {
            const { handle, ...current } = currentOf(variable);
            known.push({ ...current, handle: new Tensor(handle.node) });
          } else if (kind === "thaw") variables[variable].requiresGradient = b % 2 === 0;
          else if (kind === "realize") {
            needing([left, right], () => {
              realize(left.handle, right.handle);
            });
          } else if (kind === "read") {
            needing([left], () => {
              expect(left.handle.toArraySync()).toEqual(value);
            });
          } else {
            // The storage of a variable's computed value is used by that variable only.
            const assign = (): void => {
              variables[variable].assign(right.handle);
            };
            const assigned = needing([right], assign, { keeps: false });
            if (assigned) versions[variable].push([...right.value]);
            expect(variables[variable].toArraySync()).toEqual(versions[variable].at(-1));
          }
        }
        for (const expected of known) {
          needing([expected], () => {
            expect(expected.handle.toArraySync()).toEqual(expected.value);
          });
        }
      }),
      { numRuns: sized({ short: 50, long: 300 }) },
    );
  });

  it("the same holds for losses, logits and gradients of training, however late they are read", () => {
    const schedule = fc.record({
      x: fc.integer({ min: -3, max: 3 }),
      /** How many losses are added up before the step. */
      losses: fc.integer({ min: 1, max: 3 }),
      readsLossAtOnce: fc.boolean(),
      reads: fc.array(fc.record({ back: fc.nat(4), what: fc.constantFrom("loss", "logits", "gradient") })),
    });
    fc.assert(
      fc.property(fc.array(schedule, { minLength: 1, maxLength: 8 }), (steps) => {
        const w = named("w", float64(0.5));
        let value = 0.5;
        const past: { tensor: Tensor; expected: number; step: number; kept: boolean; what: string }[] = [];
        steps.forEach(({ x, losses, readsLossAtOnce, reads }, now) => {
          let gradient = 0;
          for (let i = 0; i < losses; i++) {
            const logits = w.mul(x);
            const loss = logits.square().sum();
            backward(loss);
            gradient += 2 * value * x * x;
            past.push({ tensor: logits, expected: value * x, step: now, kept: false, what: "logits" });
            past.push({ tensor: loss, expected: (value * x) ** 2, step: now, kept: true, what: "loss" });
            if (readsLossAtOnce) expect(loss.itemSync()).toBe((value * x) ** 2);
          }
          if (w.grad === null) throw new Error("backward left no gradient");
          past.push({ tensor: w.grad, expected: gradient, step: now, kept: true, what: "gradient" });
          w.assign(w.sub(w.grad.mul(0.125)));
          w.grad = null;
          value -= gradient * 0.125;
          expect(w.dataSync()[0]).toBe(value);
          for (const { back, what } of reads) {
            for (const attempt of past.filter(
              (candidate) => candidate.what === what && candidate.step === now - back,
            )) {
              // Adding 0 turns −0 into 0.
              const read = (): number => attempt.tensor.dataSync()[0] + 0;
              if (attempt.kept || back === 0) {
                expect(read()).toBe(attempt.expected + 0);
                attempt.kept = true;
              } else expect(read).toThrow(StaleValueError);
            }
          }
        });
      }),
      { numRuns: sized({ short: 30, long: 200 }) },
    );
  });
});
