import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { build, type Plugin } from "esbuild";
import type * as stargrad from "stargrad";
import type { Engine, Tensor } from "stargrad";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// Two copies of the library in one program, as npm and bundlers make them. Copies of one version work together; of two versions, the
// first operation that mixes them throws an error that names both.

type Library = typeof stargrad;

let folder: string;
let a: Library;
let b: Library;
/** A copy of another version. */
let other: Library;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "stargrad-copies-")));
  a = await copy("a");
  b = await copy("b");
  other = await copy("other", "9.8.7");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const engines: [Library, Engine][] = [];

afterEach(() => {
  for (const [library, engine] of engines.splice(0)) library.setEngine(engine);
});

function chooseEngine(library: Library, engine: Engine): void {
  engines.unshift([library, library.getEngine()]);
  library.setEngine(engine);
}

/** Bundles the library into a file of its own, minified, so that classes have other names in each copy. */
async function copy(name: string, version?: string): Promise<Library> {
  const outfile = join(folder, `${name}.mjs`);
  const otherVersion: Plugin = {
    name: "other version",
    setup(builder) {
      builder.onLoad({ filter: /graph[\\/]src[\\/]version\.ts$/ }, () => ({
        contents: `export const version = ${JSON.stringify(version)};`,
      }));
    },
  };
  await build({
    stdin: {
      contents: `export * from "stargrad"; export const nameOfCopy = "${name}";`,
      resolveDir: join(root, "tests"),
    },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    conditions: ["source"],
    logLevel: "error",
    plugins: version === undefined ? [] : [otherVersion],
  });
  return (await import(pathToFileURL(outfile).href)) as Library;
}

/** A model with weights, running statistics, draws and a loop. Each part is of the copy that `of` returns for its place. */
function modelOf(of: (place: number) => Library) {
  class Model extends of(0).Module {
    readonly linear = new (of(1).Linear)(3, 8, { generator: generator(1) });
    readonly norm = new (of(2).BatchNorm1d)(8);
    readonly dropout = new (of(3).Dropout)(0.3, { generator: generator(2) });
    readonly lstm = new (of(4).LSTM)(8, 4, { generator: generator(3) });

    override forward(x: Tensor) {
      const hidden = this.dropout.forward(this.norm.forward(this.linear.forward(x)));
      return this.lstm.forward(hidden.reshape([3, 4, 8])).output;
    }
  }
  const generator = (seed: number) => new (of(7).Generator)(seed);
  return new Model();
}

/** The losses of training such a model, and its final state. */
async function training(of: (place: number) => Library, kind: "plain" | "recorded") {
  const [ops, steps] = [of(5), of(6)];
  const model = modelOf(of);
  const optimizer = new steps.Adam(model.parameters(), { learningRate: 0.05 });
  const x: Tensor = ops.linspace(-1, 1, 36).reshape([12, 3]);
  const loss = (input: Tensor) => ops.square(model.forward(input).sub(0.5)).mean();
  const recorded = steps.trainStep<{ readonly x: Tensor }, { readonly loss: Tensor }>({
    model,
    optimizer,
    loss: (inputs: { readonly x: Tensor }) => ({ loss: loss(inputs.x) }),
  });
  const losses: number[] = [];
  for (let i = 0; i < 6; i++) {
    if (kind === "recorded") {
      losses.push(await recorded({ x }).loss.item());
      continue;
    }
    const value = loss(x);
    steps.backward(value);
    optimizer.step();
    optimizer.zeroGrad();
    losses.push(await value.item());
  }
  const state = [];
  for (const [name, value] of model.stateDict()) state.push([name, await value.toArray()]);
  return { losses, state };
}

describe("two copies of one version", () => {
  it("are two copies", () => {
    expect(a.Tensor).not.toBe(b.Tensor);
  });

  it("compute with each other's tensors", async () => {
    expect(
      await a
        .tensor([1, 2])
        .add(b.tensor([3, 4]))
        .toArray(),
    ).toEqual([4, 6]);
    expect(await a.concat([b.ones([1]), a.zeros([1])]).toArray()).toEqual([1, 0]);
    expect(await a.exp(b.tensor([0])).toArray()).toEqual([1]);
    expect(a.leavesOf({ x: b.ones([2]) })).toHaveLength(1);
  });

  it("recognize each other's objects, and nothing else", () => {
    expect(b.tensor(1)).toBeInstanceOf(a.Tensor);
    expect(b.tensor(1)).not.toBeInstanceOf(a.Variable);
    expect(new b.Parameter(b.ones([1]))).toBeInstanceOf(a.Parameter);
    expect(new b.Parameter(b.ones([1]))).not.toBeInstanceOf(a.Buffer);
    expect(new b.Linear(1, 1)).toBeInstanceOf(a.Module);
    expect(new b.Generator(1)).toBeInstanceOf(a.Generator);
    class Own extends a.Module {
      override forward(): void {
        // Only its class matters.
      }
    }
    expect(new Own()).toBeInstanceOf(Own);
    expect(new Own()).toBeInstanceOf(b.Module);
    expect(new b.Linear(1, 1)).not.toBeInstanceOf(Own);
    for (const value of [null, undefined, 1, "x", {}, a.Tensor.prototype, b.Tensor.prototype]) {
      expect(value).not.toBeInstanceOf(a.Tensor);
    }
  });

  it("recognize each other's errors", () => {
    const three: Tensor = a.ones([3]);
    const error = thrownBy(() => b.ones([2]).add(three));
    expect(error).toBeInstanceOf(a.StargradError);
    expect(error).toBeInstanceOf(a.ShapeError);
    expect(error).not.toBeInstanceOf(a.ArgumentError);
  });

  it("find each other's parameters, buffers and modules", () => {
    const model = new a.Sequential(
      new a.Linear(2, 2),
      new b.BatchNorm1d(2),
      new b.Sequential(new a.Dropout(0.5)),
    );
    expect([...model.namedParameters().keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect(model.namedBuffers().size).toBeGreaterThan(0);
    expect(model.modules()).toHaveLength(5);
    model.eval();
    expect(model.modules().map(({ training }) => training)).toEqual([false, false, false, false, false]);
  });

  it("have one engine, one default generator and one evaluation mode", async () => {
    const { referenceEngine } = a;
    chooseEngine(a, { ...referenceEngine, name: "chosen in a" });
    expect(b.getEngine().name).toBe("chosen in a");
    a.manualSeed(3);
    const first = await b.uniform([4]).toArray();
    b.manualSeed(3);
    expect(await a.uniform([4]).toArray()).toEqual(first);
    expect(a.defaultGenerator()).toBe(b.defaultGenerator());
  });

  it("compute on the engine of either copy", async () => {
    for (const { WasmEngine } of [a, b]) {
      chooseEngine(a, new WasmEngine({ threads: 1 }));
      const { losses } = await training((place) => (place % 2 === 0 ? a : b), "plain");
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    }
  });

  it.each(["plain", "recorded"] as const)(
    "train together in %s steps, bit for bit as one copy does",
    async (kind) => {
      const alone = await training(() => a, kind);
      expect(alone.losses.at(-1)).toBeLessThan(alone.losses[0]);
      expect(await training((place) => (place % 2 === 0 ? a : b), kind)).toEqual(alone);
      expect(await training((place) => (place % 3 === 0 ? b : a), kind)).toEqual(alone);
      expect(await training((place) => (place === 6 ? a : b), kind)).toEqual(alone);
    },
  );

  it("record one program, not one for each call", () => {
    const layer = new b.Linear(2, 2);
    let calls = 0;
    const f = a.jit((x: Tensor) => {
      calls++;
      return layer.forward(x);
    });
    for (let i = 0; i < 3; i++) f(a.ones([1, 2]));
    expect(calls).toBe(1);
  });

  it("differentiate a custom function of the other copy", async () => {
    const double = b.customFunction(
      (x: Tensor) => x.mul(1),
      (g) => [g.mul(2)],
    );
    const gradient = a.grad((x: Tensor) => double(x).sum());
    expect(await gradient(a.ones([2])).toArray()).toEqual([2, 2]);
  });
});

describe("a copy of another version", () => {
  const named =
    /Stargrad 9\.8\.7[^]*Stargrad 0\.[^]*npm dedupe|Stargrad 0\.[^]*Stargrad 9\.8\.7[^]*npm dedupe/;

  it("works alone", async () => {
    const { losses } = await training(() => other, "recorded");
    expect(losses.at(-1)).toBeLessThan(losses[0]);
  });

  const mixtures: Record<string, () => unknown> = {
    "a sum": () => a.ones([1]).add(other.ones([1])),
    "a sum the other way round": () => other.ones([1]).add(a.ones([1])),
    "an operation of one tensor": () => a.exp(other.ones([1])),
    "a list of tensors": () => a.concat([a.ones([1]), other.ones([1])]),
    "a layer with an input": () => new other.Linear(1, 1).forward(a.ones([1, 1])),
    "a layer in a model": () => new a.Sequential(new other.Linear(1, 1)).parameters(),
    "eval of a model": () => new a.Sequential(new other.Dropout(0.5)).eval(),
    "an optimizer": () => new a.Adam(new other.Linear(1, 1).parameters()),
    "a gradient": () => {
      a.backward(new other.Linear(1, 1).forward(other.ones([1, 1])).sum());
    },
    "an engine": () => {
      chooseEngine(a, new other.WasmEngine({ threads: 1 }));
      return a.ones([1]).add(1).dataSync();
    },
    "a recorded function": () => a.jit((x: Tensor) => x.exp())(other.ones([1])),
    "a recorded step": () => {
      const model = new other.Linear(1, 1);
      const optimizer = new other.SGD(model.parameters(), { learningRate: 0.1 });
      const step = a.trainStep<{ readonly x: Tensor }, { readonly loss: Tensor }>({
        model,
        optimizer,
        loss: ({ x }: { readonly x: Tensor }) => ({ loss: model.forward(x).sum() }),
      });
      return step({ x: a.ones([1, 1]) });
    },
  };

  it.each(Object.entries(mixtures))("is refused by name: %s", (_, mix) => {
    expect(mix).toThrow(named);
  });

  it("does not hide its errors", () => {
    const three: Tensor = other.ones([3]);
    expect(thrownBy(() => other.ones([2]).add(three))).not.toBeInstanceOf(a.StargradError);
  });
});

function thrownBy(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
