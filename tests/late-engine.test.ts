import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { backward, Buffer, checkGradient, detectAnomaly, grad, Parameter } from "@stargrad/autograd";
import { interpretedEngine, lateEngine, narrowTarget } from "@stargrad/compiler/testing";
import { arrays, DataLoader, moons } from "@stargrad/datasets";
import { explainStep } from "@stargrad/explain";
import { engineChecks, referenceEngine, type Engine, type PreparedProgram } from "@stargrad/graph";
import { jit } from "@stargrad/jit";
import * as nn from "@stargrad/nn";
import { Adam, AdamW, clipGradNorm, clipGradValue, EMA, LBFGS, Scheduler, schedules } from "@stargrad/optim";
import * as sg from "@stargrad/tensor";
import {
  Generator,
  getEngine,
  manualSeed,
  normal,
  randint,
  setEngine,
  tensor,
  uniform,
  type Tensor,
} from "@stargrad/tensor";
import {
  accuracy,
  evaluate,
  fit,
  loadCheckpoint,
  predict,
  restoreCheckpoint,
  saveCheckpoint,
  trainStep,
} from "@stargrad/train";
import { afterEach, describe, expect, it } from "vitest";
import { layerNames } from "./random-layers.js";
import { modelOf, optimizerNames } from "./random-models.js";
import { plainStep, recordedStep, type Inputs, type Step, type Subject } from "./trainings.js";

// An engine as a GPU is one: it has no float64, 8 buffers in a kernel, no way out of one, and its results and errors arrive later. What
// is trained on it is what is trained on the reference engine.

const late = lateEngine(interpretedEngine(narrowTarget));
const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

describe("the contract of engines", () => {
  it.each(engineChecks(late))("is kept by an engine whose results arrive later: $name", async ({ run }) => {
    await expect(run(late)).resolves.toBeUndefined();
  });

  const changed = (change: (program: PreparedProgram) => PreparedProgram["run"]): Engine => {
    const prepare = (outputs: Parameters<Engine["prepare"]>[0]): PreparedProgram => {
      const program = late.prepare(outputs);
      return { leaves: program.leaves, run: change(program) };
    };
    return { name: "changed", capabilities: late.capabilities, prepare };
  };
  const broken: Readonly<Record<string, Engine>> = {
    "forgets onFailure": changed(
      (program) => (elements, destinations) => program.run(elements, destinations),
    ),
    "calls onFailure twice": changed((program) => (elements, destinations, onFailure) => {
      return program.run(elements, destinations, (error) => {
        onFailure?.(error);
        onFailure?.(error);
      });
    }),
  };

  it.each(Object.entries(broken))("is broken by an engine that %s", async (_, engine) => {
    const checks = engineChecks(engine).filter(({ name }) => /failed program|late failure/.test(name));
    expect(checks).toHaveLength(2);
    for (const { run } of checks) await expect(run(engine)).rejects.toThrow("onFailure was called");
  });
});

type Numbers = ReadonlyMap<string, readonly number[]>;

/** The losses of some steps and all that is kept in the end, on an engine. */
async function outcomeOf(
  each: Engine,
  make: () => Subject,
  stepOf: (subject: Subject) => Step,
  steps: number,
): Promise<Numbers> {
  setEngine(each);
  manualSeed(1);
  const subject = make();
  const step = stepOf(subject);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(await step(subject.inputsOf(i)).item());
  const state = [...subject.model.stateDict(), ...subject.optimizer.stateDict()];
  const read = state.map(async ([name, value]) => [name, [...(await value.data())]] as const);
  return new Map([["losses", losses], ...(await Promise.all(read))]);
}

async function expectSameAsReference(
  make: () => Subject,
  stepOf: (subject: Subject) => Step,
  tolerance = 1e-4,
): Promise<void> {
  const got = await outcomeOf(late, make, stepOf, 2);
  const expected = await outcomeOf(referenceEngine, make, stepOf, 2);
  expect([...got.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    const own = got.get(name) ?? [];
    const off = values.map((value, i) => Math.abs(own[i] - value) / Math.max(1, Math.abs(value)));
    expect(Math.max(0, ...off), name).toBeLessThan(tolerance);
  }
}

const ways: Readonly<Record<string, (subject: Subject) => Step>> = {
  "a plain loop": plainStep,
  "a recorded step": recordedStep,
};

describe.each(Object.keys(ways))("%s on an engine whose results arrive later", (how) => {
  it.each(layerNames)("trains %s as the reference engine does", async (name) => {
    await expectSameAsReference(() => modelOf([name], { seed: 5, optimizer: "SGD" }), ways[how]);
  });

  it.each(optimizerNames)("trains with %s as the reference engine does", async (optimizer) => {
    await expectSameAsReference(() => modelOf(["Linear", "Tanh"], { seed: 3, optimizer }), ways[how]);
  });
});

/** What f makes on both engines, which has to be the same but for rounding. */
async function expectSameValues(
  f: () => Promise<readonly ArrayLike<number>[]>,
  tolerance = 1e-5,
): Promise<void> {
  setEngine(late);
  manualSeed(2);
  const got = await f();
  setEngine(referenceEngine);
  manualSeed(2);
  const expected = await f();
  expect(got.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [k, values] of expected.entries()) {
    for (let i = 0; i < values.length; i++) {
      const scale = Math.max(1, Math.abs(values[i]));
      if (Number.isNaN(values[i])) expect(got[k][i]).toBeNaN();
      else expect(Math.abs(got[k][i] - values[i]) / scale, `${k}, ${i}`).toBeLessThan(tolerance);
    }
  }
}

const read = (tensors: Iterable<Tensor>) => Promise.all([...tensors].map((x) => x.data()));

describe("losses on an engine whose results arrive later", () => {
  const rows = (columns: number) => normal([4, columns]);
  const signs = () => randint([4], { high: 2 }).mul(2).sub(1).cast("float32");
  const losses: Readonly<Record<string, () => Tensor>> = {
    binaryCrossEntropy: () => nn.binaryCrossEntropy(rows(3).sigmoid(), uniform([4, 3])),
    binaryCrossEntropyWithLogits: () => nn.binaryCrossEntropyWithLogits(rows(3), uniform([4, 3])),
    cosineEmbeddingLoss: () => nn.cosineEmbeddingLoss(rows(3), rows(3), signs()),
    crossEntropy: () => nn.crossEntropy(rows(3), randint([4], { high: 3 })),
    ctcLoss: () =>
      nn.ctcLoss(normal([6, 2, 4]).logSoftmax(), randint([2, 2], { low: 1, high: 4 }), {
        inputLengths: randint([2], { low: 5, high: 7 }),
        targetLengths: randint([2], { low: 1, high: 3 }),
      }),
    hingeEmbeddingLoss: () => nn.hingeEmbeddingLoss(rows(1).squeeze(1), signs()),
    huberLoss: () => nn.huberLoss(rows(3), rows(3)),
    klDivLoss: () => nn.klDivLoss(rows(3).logSoftmax(), rows(3).softmax()),
    l1Loss: () => nn.l1Loss(rows(3), rows(3)),
    mseLoss: () => nn.mseLoss(rows(3), rows(3)),
    nllLoss: () => nn.nllLoss(rows(3).logSoftmax(), randint([4], { high: 3 })),
    smoothL1Loss: () => nn.smoothL1Loss(rows(3), rows(3)),
    tripletMarginLoss: () => nn.tripletMarginLoss(rows(3), rows(3), rows(3)),
  };

  it("are all that are exported", () => {
    const exported = Object.keys(nn).filter((name) =>
      /(Loss|^[a-z]+CrossEntropy\w*|^crossEntropy)$/.test(name),
    );
    expect(Object.keys(losses)).toEqual(exported.sort());
  });

  it.each(Object.keys(losses))("%s", async (name) => {
    await expectSameValues(() => read([losses[name]()]));
  });
});

describe("what else there is, on an engine whose results arrive later", () => {
  it("first weights and random numbers are those of any engine", async () => {
    const { constant, dirac, eye, fanInUniform, kaimingNormal, kaimingUniform, ones, orthogonal } = nn.init;
    const { sparse, truncNormal, xavierNormal, xavierUniform, zeros } = nn.init;
    await expectSameValues(() =>
      read([
        constant([2], 3),
        dirac([2, 2, 3]),
        eye([2, 3]),
        fanInUniform([3], 4),
        ...[
          kaimingNormal,
          kaimingUniform,
          ones,
          orthogonal,
          truncNormal,
          xavierNormal,
          xavierUniform,
          zeros,
        ].map((make) => make([3, 5])),
        sparse([3, 5], { sparsity: 0.4 }),
        normal([7]),
        uniform([7], { low: -1, high: 4 }),
        randint([50], { low: -3, high: 1000 }),
        sg.bernoulli([50], { probability: 0.3 }),
        sg.randomBits([5]).mod(1000),
      ]),
    );
  });

  it("integers are divided, and inverse error functions taken, without float64", async () => {
    await expectSameValues(() =>
      read([
        tensor([7, -7, 2 ** 31 - 1], { dtype: "int32" }).floorDivide(3),
        tensor([7.5, -7.5]).floorDivide(2),
        tensor([0.3, -0.9, 0]).erfinv(),
      ]),
    );
  });

  it("fit, evaluate, predict, metrics and schedules come to the same", async () => {
    await expectSameValues(async () => {
      const { model, optimizer, loader } = moonTraining();
      const schedule = new Scheduler(optimizer, schedules.cosine({ steps: 6 }));
      const figures: number[] = [];
      let step = 0;
      for await (const event of fit({
        model,
        optimizer,
        loader,
        loss: nn.crossEntropy,
        metrics: { accuracy },
        epochs: 2,
      })) {
        if (event.event === "batch") schedule.set(step++);
        else figures.push(event.loss, event.metrics.accuracy);
      }
      const { loss, accuracy: share } = await evaluate(model, loader, { loss: nn.crossEntropy, accuracy });
      const outputs = await predict(
        model,
        tensor([
          [0.5, 0.5],
          [1, -0.5],
          [2, 0],
        ]),
        { batchSize: 2 },
      );
      return [figures, [loss, share], await outputs.data(), ...(await read(model.parameters()))];
    }, 1e-4);
  });

  it("gradients are clipped, averaged, read and differentiated again", async () => {
    await expectSameValues(async () => {
      const weight = new Parameter(tensor([3, 4]));
      const average = new EMA([weight], { decay: 0.5 });
      const optimizer = new Adam([weight], { learningRate: 0.1 });
      const seen: ArrayLike<number>[] = [];
      for (const clip of [
        () => clipGradNorm([weight], 1, { errorIfNonfinite: true }),
        () => {
          clipGradValue([weight], 0.5);
        },
      ]) {
        const loss = weight.square().sum();
        backward(loss);
        clip();
        seen.push((await weight.grad?.data()) ?? []);
        optimizer.step();
        optimizer.zeroGrad();
        average.update();
      }
      const inside = await average.withAverages(() => weight.data());
      const slope = (x: Tensor): Tensor => grad((y: Tensor) => y.exp().sum())(x).sum();
      const second = await grad(slope)(tensor([1, 2])).data();
      return [...seen, inside, second, await weight.data(), ...(await read(average.stateDict().values()))];
    });
  });

  it("a recorded function and a dry run come to the same", async () => {
    await expectSameValues(async () => {
      const model = new nn.Sequential(
        new nn.Linear(3, 4),
        new nn.BatchNorm1d(4),
        new nn.ReLU(),
        new nn.Linear(4, 2),
      );
      const count = new Buffer(tensor(0));
      const predicted = jit((x: Tensor) => {
        count.assign(count.add(1));
        return model.forward(x);
      });
      const outputs = [predicted(normal([5, 3])), predicted(normal([5, 3]))];
      const shape = nn.outputShape(model, [5, 3]);
      return [
        ...(await read(outputs)),
        shape,
        await count.data(),
        ...(await read(model.stateDict().values())),
      ];
    });
  });

  it("a training is saved and goes on from what was read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "late-"));
    try {
      await expectSameValues(async () => {
        const path = join(folder, "checkpoint");
        const batch = { x: normal([6, 2]), y: randint([6], { high: 2 }) };
        const first = moonTraining();
        const take = ({ model, optimizer }: ReturnType<typeof moonTraining>) =>
          trainStep({
            model,
            optimizer,
            loss: ({ x, y }: Inputs) => ({ loss: nn.crossEntropy(model.forward(x), y) }),
          });
        const step = take(first);
        for (let i = 0; i < 2; i++) await step(batch).loss.item();
        await saveCheckpoint(path, first);
        const expected = await step(batch).loss.item();
        const second = moonTraining();
        restoreCheckpoint(await loadCheckpoint(path), second);
        const got = await take(second)(batch).loss.item();
        expect(got).toBe(expected);
        return [[expected], ...(await read(second.model.parameters()))];
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("a step is explained", async () => {
    await expectSameValues(async () => {
      const { model, optimizer } = moonTraining();
      const batch = { x: normal([6, 2]), y: randint([6], { high: 2 }) };
      const loss = (): Tensor => nn.crossEntropy(model.forward(batch.x), batch.y);
      const step = (): void => {
        optimizer.step();
      };
      const explained = await explainStep({ parameters: model.namedParameters(), loss, step });
      return [[explained.lossBefore, explained.lossAfter]];
    }, 1e-4);
  });
});

function moonTraining() {
  const generator = new Generator(1);
  const model = new nn.Sequential(
    new nn.Linear(2, 8, { generator }),
    new nn.ReLU(),
    new nn.Linear(8, 2, { generator }),
  );
  return {
    model,
    optimizer: new AdamW(model.parameters(), { learningRate: 0.02, epsilon: 1e-3 }),
    loader: new DataLoader(moons({ samples: 30, noise: 0.1, seed: 1 }), {
      batchSize: 12,
      shuffle: true,
      seed: 1,
    }),
  };
}

describe("an error that arrives later", () => {
  const good = { x: tensor([1, 4], { dtype: "int32" }), y: tensor([0, 1], { dtype: "int32" }) };
  const bad = () => ({ x: tensor([1, 5], { dtype: "int32" }).mul(1), y: good.y });

  function make(): Subject {
    const model = new nn.Sequential(new nn.Embedding(5, 3), new nn.BatchNorm1d(3), new nn.Linear(3, 2));
    return {
      model,
      optimizer: new Adam(model.parameters(), { learningRate: 0.05, epsilon: 1e-3 }),
      lossOf: ({ x, y }) => nn.crossEntropy(model.forward(x), y),
      inputsOf: () => good,
    };
  }

  async function stateOf({ model, optimizer }: Subject): Promise<unknown> {
    const state = [...model.stateDict(), ...optimizer.stateDict()];
    return Promise.all(state.map(async ([name, value]) => [name, [...(await value.data())]] as const));
  }

  it.each(Object.keys(ways))("of %s comes with the next read, and nothing has changed", async (how) => {
    const outcome = async (each: Engine, failures: boolean): Promise<unknown> => {
      setEngine(each);
      manualSeed(3);
      const subject = make();
      const step = ways[how](subject);
      for (let i = 0; i < 2; i++) await step(good).item();
      if (failures) {
        const before = await stateOf(subject);
        await expect(step(bad()).item()).rejects.toThrow(
          /gather: got the index 5 at position \d+; expected 0 to 4/,
        );
        expect(await stateOf(subject)).toEqual(before);
        // Steps that are started before anybody knows fail with it.
        const losses = [bad(), good, good].map((inputs) => step(inputs));
        for (const loss of losses) await expect(loss.item()).rejects.toThrow("got the index 5");
        expect(await stateOf(subject)).toEqual(before);
      }
      for (let i = 0; i < 2; i++) await step(good).item();
      return stateOf(subject);
    };
    expect(await outcome(late, true)).toEqual(await outcome(late, false));
  });

  it("names the step that failed in those that were undone", async () => {
    setEngine(late);
    const subject = make();
    const step = recordedStep(subject);
    await step(good).item();
    const losses = [good, bad(), good, good].map((inputs) => step(inputs));
    await losses[0].item();
    await expect(losses[1].item()).rejects.toThrow(/^gather: got the index 5/);
    await expect(losses[2].item()).rejects.toThrow(
      /^step 4 of Adam: was undone, because step 3 of Adam failed: gather: got the index 5/,
    );
    await expect(losses[3].item()).rejects.toThrow(
      /^step 5 of Adam: was undone, because step 3 of Adam failed/,
    );
    expect(await step(good).item()).toBeGreaterThan(0);
  });

  it("comes with the next read of anything, if nothing reads the step that failed", async () => {
    setEngine(late);
    const subject = make();
    const step = recordedStep(subject);
    const earlier = step(good);
    step(bad());
    // This engine finds out about failures when something is read.
    expect(await earlier.item()).toBeGreaterThan(0);
    const unrelated = tensor([1]).add(1);
    await expect(unrelated.data()).rejects.toThrow(
      /^step 2 of Adam: an earlier computation failed.*gather: got/,
    );
    expect(await unrelated.data()).toEqual(Float32Array.of(2));
    expect(await step(good).item()).toBeGreaterThan(0);
  });

  it("of a model that is dropped does not stop another model on another engine", async () => {
    setEngine(late);
    const subject = make();
    const step = plainStep(subject);
    await step(good).item();
    await expect(step(bad()).item()).rejects.toThrow("got the index 5");
    setEngine(referenceEngine);
    const other = plainStep(make());
    for (let i = 0; i < 40; i++) expect(await other(good).item()).toBeGreaterThan(0);
  });

  it("of a loss that is not finite stops fit, which names the step, and the weights are those before", async () => {
    setEngine(late);
    const { model, optimizer } = moonTraining();
    const before = await read(model.parameters());
    const loader = new DataLoader(arrays({ x: tensor([[0, NaN]]), y: Int32Array.of(1) }), { batchSize: 1 });
    const events: unknown[] = [];
    const train = async (): Promise<void> => {
      for await (const event of fit({ model, optimizer, loader, loss: nn.crossEntropy, epochs: 1 }))
        events.push(event);
    };
    await expect(train()).rejects.toThrow("fit: the loss is NaN in epoch 1, step 1");
    expect(await read(model.parameters())).toEqual(before);
  });

  it("of gradients that are not finite stops the step that clips them", async () => {
    setEngine(late);
    const weight = new Parameter(tensor([1, 2]));
    const optimizer = new Adam([weight]);
    const step = trainStep({
      model: new nn.Sequential(),
      optimizer,
      loss: ({ x }: Inputs) => ({ loss: weight.mul(x).sum() }),
      afterBackward: () => clipGradNorm([weight], 1, { errorIfNonfinite: true }),
    });
    await step({ x: 2 }).loss.item();
    const before = await weight.data();
    await expect(step({ x: Infinity }).loss.item()).rejects.toThrow(
      "clipGradNorm: the norm of the gradients is Infinity; expected a finite number",
    );
    expect(await weight.data()).toEqual(before);
  });

  it("leaves what is read elsewhere as it was, and can be asked for again", async () => {
    setEngine(late);
    const wrong = tensor([1, 2, 3]).gather(tensor([3], { dtype: "int32" }).mul(1));
    for (let i = 0; i < 2; i++) await expect(wrong.data()).rejects.toThrow("got the index 3");
    expect(await tensor([1]).add(1).data()).toEqual(Float32Array.of(2));
    await expect(
      tensor([1], { dtype: "int32" })
        .mod(tensor([0], { dtype: "int32" }))
        .data(),
    ).rejects.toThrow("mod");
  });
});

describe("what an engine whose results arrive later cannot do", () => {
  it("says what to do instead", async () => {
    setEngine(late);
    const x = tensor([1, 2]).add(1);
    expect(() => x.dataSync()).toThrow("Await `data()`");
    expect(String(x)).toBe("tensor(…, shape [2], float32; await data() to read it)");
    expect(await x.data()).toEqual(Float32Array.of(2, 3));
    expect(() => detectAnomaly(() => x.mul(2))).toThrow("Choose a synchronous engine");
    expect(() => new LBFGS([new Parameter(tensor([1]))]).step(() => tensor(1))).toThrow(
      "LBFGS.step: got the asynchronous engine",
    );
    expect(() => {
      checkGradient((y: Tensor) => y.sum(), [tensor([1])]);
    }).toThrow(`checkGradient: got the engine ${late.name}; expected a synchronous engine with float64`);
    expect(() => arrays({ x: x.add(1) })).toThrow("Await `data()`");
    // Elements that have been awaited are in host memory.
    expect(arrays({ x }).length).toBe(2);
  });

  it("casts elements of a type that it lacks, if they are in ordinary memory", async () => {
    setEngine(late);
    const x = tensor([0.5, 3], { dtype: "float64" });
    await expect(x.add(1).data()).rejects.toThrow('Cast with x.cast("float32")');
    expect(await x.cast("float32").add(1).data()).toEqual(Float32Array.of(1.5, 4));
  });

  it("is left with a state dict, and says so", async () => {
    setEngine(late);
    manualSeed(4);
    const make = () => new nn.Linear(2, 1);
    const [model, x] = [make(), tensor([[1, 2]])];
    const optimizer = new Adam(model.parameters());
    backward(model.forward(x).sum());
    optimizer.step();
    const expected = await model.forward(x).item();
    const early = model.stateDict();
    setEngine(referenceEngine);
    expect(() => model.forward(x).itemSync()).toThrow(
      /^setEngine: the parameter weight \[1, 2\] is in the memory of another engine/,
    );
    for (const value of early.values()) await value.data();
    const other = make();
    other.loadStateDict(early);
    expect(await other.forward(x).item()).toBe(expected);
  });

  it("reads at once what is in ordinary memory", () => {
    setEngine(late);
    expect(tensor([1, 2]).toArraySync()).toEqual([1, 2]);
    expect(() => nn.crossEntropy(tensor([[1, 2]]), tensor([2], { dtype: "int32" }))).toThrow(
      "got the class 2",
    );
  });
});
