import { backward } from "@stargrad/autograd";
import { arrays, DataLoader } from "@stargrad/datasets";
import * as nn from "@stargrad/nn";
import { AdamW, Scheduler, schedules, SGD } from "@stargrad/optim";
import {
  defaultGenerator,
  Generator,
  getEngine,
  manualSeed,
  normal,
  randint,
  setEngine,
  type Tensor,
} from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { evaluate, fit, trainStep } from "@stargrad/train";
import { afterEach, describe, expect, it } from "vitest";
import { batchesOf, encoder, languageModel, recurrent, resNet, uNet } from "./deep-models.js";
import { randomModel } from "./random-models.js";
import {
  expectLearning,
  expectSameRecorded,
  plainStep,
  recordedStep,
  stateOf,
  train,
  type Step,
  type Subject,
} from "./trainings.js";

// Pairs of ways to train that must give the same results, bit for bit.

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

describe("trainStep equals a plain loop", () => {
  it("with schedules of the learning rate, and groups of which one has weight decay", () => {
    expectSameRecorded(() => {
      const subject = languageModel(1);
      const scheduler = new Scheduler(subject.optimizer, [
        schedules.warmUp({ steps: 3, start: 0.1 }),
        schedules.cosine({ steps: 8 }),
      ]);
      return {
        ...subject,
        before(step) {
          scheduler.set(step);
        },
      };
    }, 8);
  });

  it("that accumulates the gradients of three parts", () => {
    const subjects = [encoder(1), encoder(1)];
    const [plain, recorded] = subjects.map((subject, way) => {
      manualSeed(3);
      const { model, optimizer, lossOf } = subject;
      const accumulate = (parts: readonly Tensor[]) => {
        for (const x of parts) backward(lossOf({ x }).div(3));
      };
      const step = trainStep({
        model,
        optimizer,
        loss: ({ a, b, c }) => {
          accumulate([a, b]);
          return { loss: lossOf({ x: c }).div(3) };
        },
      });
      const losses = Array.from({ length: 5 }, (_, i) => {
        const [a, b, c] = [3 * i, 3 * i + 1, 3 * i + 2].map((seed) => random(seed, 5, 2, 8));
        if (way === 1) return step({ a, b, c }).loss.itemSync();
        accumulate([a, b]);
        const loss = lossOf({ x: c }).div(3);
        backward(loss);
        optimizer.step();
        optimizer.zeroGrad();
        return loss.itemSync();
      });
      return { losses, state: stateOf(subject), drawn: defaultGenerator().state() };
    });
    expect(recorded).toEqual(plain);
    expectLearning(plain);
  });

  it("with two alternating steps, each with its own optimizer and loss", () => {
    const run = (stepOf: (subject: Subject) => Step) => {
      manualSeed(4);
      const first = recurrent("LSTM", 12, { numLayers: 2, dropout: 0.2 });
      const second: Subject = {
        ...first,
        optimizer: new SGD(first.model.parameters(), { learningRate: 0.05, momentum: 0.9 }),
        lossOf: (inputs) => first.lossOf(inputs).sqrt(),
      };
      const steps = [first, second].map(stepOf);
      const losses = Array.from({ length: 8 }, (_, i) => steps[i % 2](first.inputsOf(i)).itemSync());
      return { losses, states: [stateOf(first), stateOf(second)] };
    };
    const plain = run(plainStep);
    expect(run(recordedStep)).toEqual(plain);
    expectLearning(plain);
  });

  it("with an evaluation between the steps, which changes nothing", async () => {
    const run = async (stepOf: (subject: Subject) => Step, isEvaluated: boolean) => {
      manualSeed(5);
      const subject = resNet([1, 1, 0, 0]);
      const step = stepOf(subject);
      const model = subject.model as nn.Layer;
      const x = random(6, 7, 3, 16, 16);
      const data = new DataLoader(arrays({ x, y: randint([7], { high: 2, generator: new Generator(6) }) }), {
        batchSize: 3,
      });
      const [losses, figures]: number[][] = [[], []];
      for (let i = 0; i < 5; i++) {
        losses.push(step(subject.inputsOf(i)).itemSync());
        if (isEvaluated) figures.push((await evaluate(model, data, { loss: nn.crossEntropy })).loss);
      }
      return { losses, figures, state: stateOf(subject) };
    };
    const plain = await run(plainStep, true);
    expect(await run(recordedStep, true)).toEqual(plain);
    expect(await run(recordedStep, false)).toEqual({ ...plain, figures: [] });
    expectLearning(plain);
    expectLearning({ losses: plain.figures });
  });

  it("over 40 shapes in turn, and then the first ones again", () => {
    expectSameRecorded(() => batchesOf(40), 43);
  });
});

describe("fit equals a plain loop", () => {
  it("over a loader whose last batch is smaller, with metrics and a schedule", async () => {
    const setUp = () => {
      manualSeed(9);
      const generator = new Generator(9);
      const model = new nn.Sequential(
        new nn.Conv2d(1, 4, 3, { padding: 1, generator }),
        new nn.BatchNorm2d(4),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Dropout2d(0.2),
        new nn.Flatten(),
        new nn.Linear(16, 3, { generator }),
      );
      const optimizer = new AdamW(model.parameters(), { learningRate: 0.01, weightDecay: 0.1 });
      const data = arrays({
        x: normal([22, 1, 4, 4], { generator }),
        y: randint([22], { high: 3, generator }),
      });
      return {
        model,
        optimizer,
        scheduler: new Scheduler(optimizer, schedules.cosine({ steps: 9 })),
        loader: new DataLoader(data, { batchSize: 8, shuffle: true, seed: 2 }),
      };
    };

    const { scheduler, ...fitted } = setUp();
    const fittedLosses: number[] = [];
    let taken = 0;
    for await (const event of fit({ ...fitted, loss: nn.crossEntropy, epochs: 3 })) {
      if (event.event === "batch") scheduler.set(taken++);
      if (event.event === "step") fittedLosses.push(event.loss);
    }

    const plain = setUp();
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const { x, y } of plain.loader) {
        plain.scheduler.set(losses.length);
        const loss = nn.crossEntropy(plain.model.forward(x), y);
        backward(loss);
        plain.optimizer.step();
        plain.optimizer.zeroGrad();
        losses.push(loss.itemSync());
      }
    }
    expect(fittedLosses).toEqual(losses);
    expect(stateOf(fitted)).toEqual(stateOf(plain));
    expectLearning({ losses });
  });
});

describe("engines without a cache of programs", () => {
  const models: Readonly<Record<string, () => Subject>> = {
    "an encoder": () => encoder(2),
    "an LSTM": () => recurrent("LSTM", 9, { bidirectional: true, dropout: 0.1 }),
    "a U-Net": () => uNet(2),
    "a random model": () => randomModel(15, 15),
  };

  it.each(Object.entries(models))(
    "train %s like an engine with a cache, on one thread and on three",
    (_, make) => {
      const expected = train(make, plainStep, 4);
      for (const threads of [1, 3]) {
        using uncached = new WasmEngine({ programMemory: 1, threads, waitForThreads: true, leastWork: 0 });
        setEngine(uncached);
        expect(train(make, plainStep, 4)).toEqual(expected);
        expect(train(make, recordedStep, 4)).toEqual(expected);
        expect(uncached.memory().programs).toBeLessThanOrEqual(1);
        setEngine(engine);
      }
      expectLearning(expected);
    },
  );
});
