import { arrays, DataLoader } from "@stargrad/datasets";
import { crossEntropy, Dropout, Linear, mseLoss, nllLoss, Sequential } from "@stargrad/nn";
import { tensor, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { evaluate } from "./evaluate.js";

const data = arrays({ x: tensor([[1], [2], [3]]), y: tensor([[1], [1], [1]]) });
const loader = new DataLoader(data, { batchSize: 2 });

describe("evaluate", () => {
  it("reports an asynchronous metric once, without an unhandled rejection", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const failing = () => Promise.reject(new Error("of the metric"));
    await expect(evaluate(new Sequential(), loader, { n: failing as never })).rejects.toThrow("the metric n");
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
  });

  it("says that a dataset has to be wrapped in a DataLoader", async () => {
    await expect(evaluate(new Sequential(), data as never, { loss: mseLoss })).rejects.toThrow(
      "evaluate: got a dataset as its loader; expected a DataLoader. Wrap it: new DataLoader(dataset",
    );
  });

  it("leaves the position of a training that uses the same loader", async () => {
    const shared = new DataLoader(data, { batchSize: 2, shuffle: true, seed: 3 });
    const apart = new DataLoader(data, { batchSize: 2, shuffle: true, seed: 3 });
    const read = (batches: DataLoader<{ x: Tensor }>) => [...batches].map(({ x }) => x.toArraySync());
    for (let epoch = 0; epoch < 2; epoch++) {
      apart[Symbol.iterator]().next();
      shared[Symbol.iterator]().next();
      await evaluate(new Sequential(), shared, { loss: mseLoss });
      expect(shared.state()).toEqual(apart.state());
      expect(read(shared)).toEqual(read(apart));
    }
    shared.restore(apart.state());
    await evaluate(new Sequential(), shared, { loss: mseLoss });
    expect([shared.restored, shared.state()]).toEqual([apart.state(), apart.state()]);
  });

  it("is the mean over the items of all batches, with a smaller weight of the smaller last batch", async () => {
    const model = new Sequential();
    expect(await evaluate(model, loader, { loss: mseLoss })).toEqual({ loss: 5 / 3 });
  });

  it.each([
    ["crossEntropy", crossEntropy],
    ["nllLoss", (x: Tensor, y: Tensor, options?: object) => nllLoss(x.logSoftmax({ axis: 1 }), y, options)],
  ] as const)("weights %s with the items that are not ignored, and with class weights", async (_, loss) => {
    const x = tensor([
      [1, 2],
      [3, 1],
      [0, 4],
      [2, 2],
      [1, 5],
    ]);
    const y = tensor([0, -100, -100, -100, 1], { dtype: "int32" });
    const few = new DataLoader(arrays({ x, y }), { batchSize: 2 });
    for (const weight of [undefined, tensor([1, 3])]) {
      const options = weight === undefined ? {} : { weight };
      const total = loss(x, y, options).itemSync();
      const metric = (output: Tensor, target: Tensor): Tensor => loss(output, target, options);
      const figures = await evaluate(new Sequential(), few, { metric });
      expect(figures.metric).toBeCloseTo(total, 6);
    }
    const all = new DataLoader(arrays({ x, y: y.narrow(0, 1, 1).expand([5]) }), { batchSize: 2 });
    expect(await evaluate(new Sequential(), all, { loss })).toEqual({ loss: NaN });
  });

  it.each([true, false])(
    "looks at the model as it is in use, and sets it back (training: %s)",
    async (mode) => {
      const model = new Sequential(new Dropout(0.9)).train(mode);
      expect(await evaluate(model, loader, { loss: mseLoss })).toEqual({ loss: 5 / 3 });
      expect(model.training).toBe(mode);
      expect(model.layers[0].training).toBe(mode);
    },
  );

  it("does not change a layer that is already in evaluation mode", async () => {
    const model = new Sequential(new Dropout(0.9), new Dropout(0.9));
    model.layers[0].eval();
    await evaluate(model, loader, { loss: mseLoss });
    expect(model.modules().map(({ training }) => training)).toEqual([true, false, true]);
  });

  it("may evaluate one model several times at once", async () => {
    const model = new Sequential(new Dropout(0.9));
    const short = new DataLoader(data, { batchSize: 3 });
    const figures = await Promise.all(
      [short, loader, short].map((each) => evaluate(model, each, { loss: mseLoss })),
    );
    for (const { loss } of figures) expect(loss).toBeCloseTo(5 / 3, 6);
    expect(model.training).toBe(true);
  });

  it.each([
    [
      "assign",
      (model: Linear) => {
        model.weight.assign(zeros([1, 1]));
      },
    ],
    [
      "loadStateDict",
      (model: Linear) => {
        model.loadStateDict(new Linear(1, 1).stateDict());
      },
    ],
  ])("refuses %s until it is awaited: its batches would have different weights", async (name, change) => {
    const model = new Linear(1, 1);
    const before = model.weight.toArraySync();
    const looking = evaluate(model, loader, { loss: mseLoss });
    expect(() => {
      change(model);
    }).toThrow(`${name}: evaluate is still using the parameters. A forgotten await?`);
    expect(model.weight.toArraySync()).toEqual(before);
    await looking;
    change(model);
  });

  it("restores the modes when something fails", async () => {
    const model = new Sequential(new Dropout());
    const failing = () => {
      throw new Error("no such figure");
    };
    await expect(evaluate(model, loader, { failing })).rejects.toThrow("no such figure");
    expect(model.training).toBe(true);
  });

  it("throws if there is nothing to measure", async () => {
    const empty = new DataLoader(data, { batchSize: 4, dropLast: true });
    await expect(evaluate(new Sequential(), empty, { loss: mseLoss })).rejects.toThrow(
      "evaluate: the loader has no batches",
    );
  });
});

it.each([
  ["no tensor", () => 3],
  ["no tensor", () => Promise.resolve(tensor(3))],
  ["a tensor of shape [2, 1]", (output: unknown) => output],
])("a metric that returns %s is named", async (what, metric) => {
  await expect(evaluate(new Sequential(), loader, { odd: metric as never })).rejects.toThrow(
    `evaluate: the metric odd returned ${what}; expected one number, as a tensor`,
  );
});
