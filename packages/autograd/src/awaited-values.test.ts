import { fromData, getEngine, setEngine, take, tensor, type Tensor } from "@stargrad/tensor";
import { record } from "@stargrad/tensor/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignAll, assignAlong, Buffer, Parameter } from "./index.js";
import { recordAssignments } from "./internal.js";

const engine = getEngine();
let programs = 0;

beforeEach(() => {
  setEngine({
    name: "counting",
    capabilities: engine.capabilities,
    prepare(outputs) {
      programs++;
      return engine.prepare(outputs);
    },
  });
  programs = 0;
});

afterEach(() => {
  setEngine(engine);
});

/** A buffer that accumulates `w · x`, with the tensors computed after that. */
function pass(total: Buffer, w: Parameter, x: number): Tensor {
  const y = w.mul(x);
  assignAlong([y], [[total, total.add(y.detach())]]);
  return y.add(1);
}

const start = () => ({ total: new Buffer(tensor([0])), w: new Parameter(tensor([1])) });

describe("a buffer with a pending value", () => {
  it("has it computed by a program that computes its sources", () => {
    const { total, w } = start();
    expect(pass(total, w, 3).itemSync()).toBe(4);
    expect(total.node.storage).not.toBeNull();
    expect(total.itemSync()).toBe(3);
    expect(programs).toBe(1);
  });

  it("has it computed when it is read, or a tensor that depends on it", () => {
    const { total, w } = start();
    pass(total, w, 3);
    const doubled = total.mul(2);
    pass(total, w, 4);
    expect(total.itemSync()).toBe(7);
    expect(doubled.itemSync()).toBe(6);
    expect(total.elements.readSync()).toEqual(Float32Array.of(7));
    expect(total.awaits).toBe(0);
  });

  it("has it computed in the program that replaces a variable on which it depends", () => {
    const { total, w } = start();
    for (let step = 1; step <= 5; step++) {
      pass(total, w, 10);
      w.assign(w.add(1));
      expect(programs).toBe(step);
      expect(total.awaits).toBe(0);
    }
    expect(total.itemSync()).toBe(10 * (1 + 2 + 3 + 4 + 5));
    expect(programs).toBe(5);
  });

  it("has it computed before another value is assigned", () => {
    const { total, w } = start();
    pass(total, w, 3);
    const before = total.mul(1);
    total.assign(tensor([100]));
    pass(total, w, 4);
    expect(total.itemSync()).toBe(104);
    expect(before.itemSync()).toBe(3);
  });

  it("keeps it pending while other variables are replaced, up to a bound", () => {
    const { total, w } = start();
    const other = new Parameter(tensor([0]));
    pass(total, w, 3);
    const waiting: number[] = [];
    for (let update = 0; update < 20; update++) {
      other.assign(other.add(1));
      waiting.push(total.awaits);
    }
    expect(waiting[0]).toBe(1);
    expect(waiting.at(-1)).toBe(0);
    expect(programs).toBe(20);
    expect(total.itemSync()).toBe(3);
  });

  it("has at most sixteen pending values", () => {
    const { total, w } = start();
    for (let i = 1; i <= 100; i++) {
      pass(total, w, i);
      expect(total.awaits).toBeLessThanOrEqual(16);
    }
    expect(programs).toBe(Math.floor(100 / 17));
    expect(total.itemSync()).toBe(5050);
  });

  it("does not change if the value cannot be computed, and other computations do not fail", () => {
    const { total, w } = start();
    const read = (place: number): Tensor => {
      const y = take(w.mul(tensor([1])), fromData(Int32Array.of(place), [1]).add(0));
      assignAlong([y], [[total, total.add(y.detach()).add(10)]]);
      return y;
    };
    read(0);
    read(5);
    expect(read(0).itemSync()).toBe(1);
    expect(total.itemSync()).toBe(22);
    expect(() => read(7).itemSync()).toThrow("got the index 7");
    read(9);
    w.assign(w.add(1));
    expect([w.itemSync(), total.itemSync()]).toEqual([2, 22]);
  });

  it("is assigned like any variable while assignments are recorded", () => {
    const { total, w } = start();
    pass(total, w, 3);
    const { result } = record(() => recordAssignments(() => pass(total, w, 4)));
    expect([...result.assignments.keys()]).toEqual([total]);
    expect(programs).toBe(0);
    expect(total.itemSync()).toBe(3);
  });

  it("throws for a value of another shape or type", () => {
    const { total, w } = start();
    expect(() => {
      assignAlong([w], [[total, tensor([1, 2])]]);
    }).toThrow("assign: got the shape [2]");
    expect(total.itemSync()).toBe(0);
  });
});

it("nothing is computed while a function is recorded", () => {
  const { w } = start();
  const pending = w.mul(2);
  expect(() =>
    record(() => {
      assignAll([[w, pending]]);
    }),
  ).toThrow("a computation was started while a function is recorded");
  expect(pending.itemSync()).toBe(2);
});
