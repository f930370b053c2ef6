import { referenceEngine, type Engine } from "@stargrad/graph";
import { getEngine, setEngine, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { Recording } from "./recording.js";
import { Recordings } from "./recordings.js";

interface Named {
  readonly name: string;
  readonly bytes: number;
}

const mebibyte = 2 ** 20;
const recording = (name: string, bytes = mebibyte): Named => ({ name, bytes });
const any = () => true;

describe("Recordings", () => {
  it("are found by their inputs, the most recently used first, and only if they fit", () => {
    const recordings = new Recordings<Named>();
    const [train, use] = [recording("train"), recording("use")];
    recordings.keep("x", train);
    recordings.keep("x", use);
    expect(recordings.find("x", any)).toBe(use);
    expect(recordings.find("x", ({ name }) => name === "train")).toBe(train);
    expect(recordings.find("x", any)).toBe(train);
    expect(recordings.find("y", any)).toBeUndefined();
    expect(recordings.find("x", () => false)).toBeUndefined();
  });

  it("are kept up to 256 MiB in total; the least recently used are dropped first", () => {
    const recordings = new Recordings<Named>();
    for (let i = 0; i < 256; i++) recordings.keep(`${i}`, recording(`${i}`));
    expect(recordings.find("0", any)).toBeDefined();
    recordings.keep("256", recording("256"));
    expect(recordings.find("1", any)).toBeUndefined();
    for (const kept of ["0", "2", "255", "256"]) expect(recordings.find(kept, any)).toBeDefined();
    recordings.keep("large", recording("large", 1000 * mebibyte));
    expect(recordings.find("large", any)).toBeDefined();
    expect(recordings.find("0", any)).toBeUndefined();
    recordings.keep("small", recording("small", 1));
    expect(recordings.find("large", any)).toBeUndefined();
    expect(recordings.find("small", any)).toBeDefined();
  });

  it("count their program, their leaves and results, and the constants that they keep", () => {
    const engine = getEngine();
    const counted: Engine = {
      ...referenceEngine,
      prepare: (outputs) => ({ ...referenceEngine.prepare(outputs), cost: mebibyte }),
    };
    const constant = tensor(new Float32Array(1000));
    const bytesOf = (f: (x: Tensor) => Tensor): number => {
      const outcome = ([x]: readonly Tensor[]) => ({ results: [f(x)], notes: null });
      const inputs = [tensor([1])];
      return new Recording(outcome, inputs, { called: "jit", dropsGradients: false }).bytes;
    };
    try {
      setEngine(counted);
      expect(bytesOf((x) => x.exp())).toBe(mebibyte + 2 * 512);
      expect(bytesOf((x) => x.add(constant))).toBe(mebibyte + 3 * 512 + 4000);
    } finally {
      setEngine(engine);
    }
  });

  it("for the same inputs are limited only by memory", () => {
    const recordings = new Recordings<Named>();
    for (let i = 0; i < 100; i++) recordings.keep("x", recording(`${i}`));
    const kept = Array.from({ length: 100 }, (_, i) => recordings.find("x", ({ name }) => name === `${i}`));
    expect(kept.every((found) => found !== undefined)).toBe(true);
  });
});
