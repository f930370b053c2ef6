import { readFileSync } from "node:fs";

import { arrays, DataLoader } from "@stargrad/datasets";
import { Identity, Linear, mseLoss } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { eye, fromData, Generator, normal, ShapeError, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "./checkpoint.js";
import {
  accuracy,
  confusionMatrix,
  f1,
  perplexity,
  precision,
  recall,
  topKAccuracy,
} from "./classification.js";
import { evaluate } from "./evaluate.js";
import { fit } from "./fit.js";
import { EpochMetric, type AnyMetric } from "./metrics.js";
import { averagePrecision, rocAuc } from "./ranking.js";
import { mae, mse, r2 } from "./regression.js";

type Averages = Readonly<Record<"macro" | "micro", number> & { binary?: number }>;
interface Counted {
  readonly target: readonly number[];
  readonly matrix: readonly (readonly number[])[];
  readonly precision: Averages;
  readonly recall: Averages;
  readonly f1: Averages;
}
const golden = JSON.parse(readFileSync(new URL("../golden/metrics.json", import.meta.url), "utf8")) as {
  readonly many: readonly (Counted & {
    readonly logits: readonly number[];
    readonly classes: number;
    readonly topK: readonly number[];
    readonly perplexity: number;
  })[];
  readonly two: readonly (Counted & {
    readonly scores: readonly number[];
    readonly rocAuc: number | null;
    readonly averagePrecision: number | null;
  })[];
  readonly numbers: readonly {
    readonly output: readonly number[];
    readonly target: readonly number[];
    readonly columns: number;
    readonly mse: number;
    readonly mae: number;
    readonly r2: number;
  }[];
};

/** Compares a metric of all items, and of batches of unequal sizes in `evaluate`, with an expected value. */
async function expectValue(
  name: string,
  metric: AnyMetric<Tensor, Tensor>,
  [output, target]: readonly [Tensor, Tensor],
  expected: number | null,
): Promise<void> {
  const whole =
    metric instanceof EpochMetric ? await metric.compute(output, target) : metric(output, target).itemSync();
  const values = [whole];
  for (const batchSize of [1, 4, 7]) {
    const loader = new DataLoader(arrays({ x: output, y: target }), { batchSize });
    values.push((await evaluate(new Identity(), loader, { metric })).metric);
  }
  const close: unknown = expected === null ? NaN : expect.closeTo(expected, 5);
  expect(values, name).toEqual(values.map(() => close));
}

async function expectCounted(pair: readonly [Tensor, Tensor], counted: Counted): Promise<void> {
  expect(confusionMatrix(...pair).toArraySync()).toEqual(counted.matrix);
  for (const [name, make] of Object.entries({ precision, recall, f1 })) {
    const values = Object.entries(counted[name as "f1"]);
    for (const [average, value] of values) {
      await expectValue(`${name} ${average}`, make({ average: average as "macro" }), pair, value);
    }
  }
}

const labels = (target: readonly number[]): Tensor => tensor(target as number[], { dtype: "int32" });

describe("metrics", () => {
  it.each(
    sampled(
      golden.many.map((each, i) => [i, each] as const),
      2,
    ),
  )("of classes are right (%i)", async (_, each) => {
    const items = each.target.length;
    const pair = [
      fromData(Float64Array.from(each.logits), [items, each.classes]),
      labels(each.target),
    ] as const;
    await expectCounted(pair, each);
    await expectValue("accuracy", accuracy, pair, each.topK[0]);
    for (const [i, value] of each.topK.entries()) {
      await expectValue(`top ${i + 1}`, topKAccuracy({ k: i + 1 }), pair, value);
    }
    await expectValue("perplexity", perplexity, pair, each.perplexity);
  });

  it.each(
    sampled(
      golden.two.map((each, i) => [i, each] as const),
      3,
    ),
  )("of two classes are right (%i)", async (_, each) => {
    const items = each.target.length;
    const scores = Float64Array.from(each.scores);
    const target = labels(each.target);
    const both = Float64Array.from({ length: 2 * items }, (_value, i) =>
      i % 2 === 0 ? 0 : scores[(i - 1) / 2],
    );
    for (const output of [
      fromData(scores, [items]),
      fromData(scores, [items, 1]),
      fromData(both, [items, 2]),
    ]) {
      await expectCounted([output, target], each);
      await expectValue("rocAuc", rocAuc, [output, target], each.rocAuc);
      await expectValue("averagePrecision", averagePrecision, [output, target], each.averagePrecision);
    }
  });

  it.each(golden.numbers.map((each, i) => [i, each] as const))(
    "of numbers are right (%i)",
    async (_, each) => {
      const shape = [each.output.length / each.columns, each.columns];
      const pair = [Float64Array.from(each.output), Float64Array.from(each.target)].map((data) =>
        fromData(data, shape),
      );
      for (const [name, metric] of Object.entries({ mse, mae, r2 })) {
        await expectValue(name, metric, pair as [Tensor, Tensor], each[name as "r2"]);
      }
    },
  );

  it("are defined at the edges, or NaN", async () => {
    const none = [zeros([0, 2]), labels([])] as const;
    for (const metric of [rocAuc, averagePrecision, perplexity])
      expect(await metric.compute(...none)).toBeNaN();
    const ignoring = [tensor([[1, 2], [2, 1]]), labels([-100, -100])] as const; // prettier-ignore
    for (const metric of [rocAuc, averagePrecision, perplexity])
      expect(await metric.compute(...ignoring)).toBeNaN();
    for (const metric of [precision(), recall(), f1()]) expect(await metric.compute(...ignoring)).toBe(0);
    expect(await f1({ average: "macro" }).compute(...ignoring)).toBeNaN();
    expect(accuracy(...ignoring).itemSync()).toBeNaN();
    expect(await rocAuc.compute(tensor([1, NaN]), labels([0, 1]))).toBeNaN();
    expect(await rocAuc.compute(tensor([Infinity, -Infinity]), labels([1, 0]))).toBe(1);
    expect(await r2.compute(tensor([1, 2]), tensor([2, 2]))).toBe(0);
    expect(await r2.compute(tensor([2, 2]), tensor([2, 2]))).toBe(1);
    expect(topKAccuracy({ k: 9 })(tensor([[NaN, NaN]]), labels([0])).itemSync()).toBe(0);
  });

  it("count the tokens of sequences, whose classes are axis 1", async () => {
    const logits = normal([3, 4, 5], { generator: new Generator(1) });
    const target = tensor([[0, 1, 2, 3, -100], [3, 2, 1, 0, 0], [1, 1, -100, -100, 2]], { dtype: "int32" }); // prettier-ignore
    const rows = accuracy(logits.permute([0, 2, 1]).reshape([15, 4]), target.reshape([15]));
    expect(accuracy(logits, target).itemSync()).toBe(rows.itemSync());
    const loader = new DataLoader(arrays({ x: logits, y: target }), { batchSize: 2 });
    const { all } = await evaluate(new Identity(), loader, { all: accuracy });
    expect(all).toBeCloseTo(rows.itemSync(), 6);
    expect(() => accuracy(logits.permute([0, 2, 1]), target)).toThrow(
      "The classes are axis 1; move them there",
    );
  });

  it("refuse a target that is no class, known or computed, instead of counting it as a mistake", async () => {
    const logits = eye(3);
    const metrics = { accuracy, topKAccuracy: topKAccuracy({ k: 2 }) };
    for (const [name, metric] of Object.entries(metrics)) {
      for (const wrong of [3, -1]) {
        const target = labels([0, -100, wrong]);
        expect(() => metric(logits, target)).toThrow(
          `${name}: got the class ${wrong} at position 2; expected 0 to 2, or -100 to ignore it`,
        );
        const computed = metric(logits, target.add(tensor(0, { dtype: "int32" })));
        expect(() => computed.itemSync()).toThrow(
          `${name}: a target is no class; expected 0 to 2, or -100 for an item that does not count`,
        );
      }
      for (const wrong of [NaN, 0.5]) {
        expect(() => metric(logits, tensor([0, 1, wrong])).itemSync()).toThrow(`${name}: `);
        expect(() => metric(logits, tensor([0, 1, wrong]).mul(1)).itemSync()).toThrow(`${name}: a target is`);
      }
      expect(metric(logits, tensor([0, 1, 2])).itemSync()).toBe(1);
      expect(metric(eye(2), tensor([false, true])).itemSync()).toBe(1);
      // Of a later batch, which a recording reads.
      const y = labels([0, 1, 2, 2, 7, 0]);
      const loader = new DataLoader(arrays({ x: eye(3).repeat([2, 1]), y }), { batchSize: 2 });
      await expect(evaluate(new Identity(), loader, { metric })).rejects.toThrow(`${name}: `);
    }
    for (const metric of [precision({ average: "macro" }), recall({ average: "micro" }), perplexity]) {
      await expect(metric.compute(logits, labels([0, 1, 3]))).rejects.toThrow();
    }
  });

  it("are no counts if a target is no class", () => {
    for (const wrong of [3, -1]) {
      const matrix = confusionMatrix(eye(3), tensor([0, 1, wrong], { dtype: "int32" }));
      expect(() => matrix.toArraySync()).toThrow(
        "confusionMatrix: a target is no class; expected 0 to 2, or -100 for an item that does not count",
      );
    }
  });

  it("use a threshold and another label of ignored items", async () => {
    const pair = [tensor([0.2, 0.6, 0.9]), labels([1, 1, 7])] as const;
    expect(await recall({ threshold: 0.5, ignoreIndex: 7 }).compute(...pair)).toBe(0.5);
    expect(confusionMatrix(...pair, { threshold: 0.5, ignoreIndex: 7 }).toArraySync()).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it("refuse other shapes, targets and options", async () => {
    const logits = zeros([4, 3]);
    expect(() => accuracy(logits, labels([1, 0]))).toThrow(ShapeError);
    expect(() => accuracy(logits, logits)).toThrow("accuracy: got logits [4, 3] and target [4, 3]");
    expect(() => topKAccuracy()(logits, labels([1]))).toThrow(
      "topKAccuracy: got logits [4, 3] and target [1]",
    );
    await expect(f1().compute(logits, labels([0, 1, 2, 0]))).rejects.toThrow(
      'f1: got 3 classes; expected 2. Pass average: "macro" or "micro"',
    );
    await expect(f1({ average: "macro" }).compute(logits, labels([0, 1, 3, 0]))).rejects.toThrow(
      "f1: a target is no class; expected 0 to 2, or -100 for an item that does not count",
    );
    await expect(rocAuc.compute(tensor([1, 2]), labels([0, 2]))).rejects.toThrow(
      "rocAuc: a target is 2; expected 0 or 1",
    );
    await expect(rocAuc.compute(logits, labels([0, 1, 1, 0]))).rejects.toThrow("rocAuc: got scores [4, 3]");
    await expect(r2.compute(zeros([4]), zeros([4, 1]))).rejects.toThrow(ShapeError);
    expect(() => precision({ average: "weighted" as never })).toThrow("precision: got average");
  });
});

describe("a metric of a whole epoch", () => {
  const x = tensor([[1], [2], [3], [4], [5], [6], [7]]);
  const y = tensor([[2], [4], [7], [8], [9], [12], [15]]);
  const setUp = () => {
    const model = new Linear(1, 1);
    for (const parameter of model.parameters()) parameter.assign(parameter.mul(0));
    return {
      model,
      optimizer: new SGD(model.parameters(), { learningRate: 0.01 }),
      loader: new DataLoader(arrays({ x, y }), { batchSize: 2 }),
      loss: mseLoss,
      metrics: { r2, mae },
      epochs: 2,
    };
  };

  it("is reported of every step, of the epoch and of a resumed epoch", async () => {
    const told = async (setup: ReturnType<typeof setUp>, stop = 0) => {
      const events: unknown[] = [];
      for await (const event of fit(setup)) {
        if (event.event === "batch") continue;
        events.push([event.event, event.metrics.r2, event.metrics.mae]);
        if (events.length === stop) break;
      }
      return events;
    };
    const whole = await told(setUp());
    expect(whole).toHaveLength(10);
    for (const stop of [1, 3, 4, 5, 7]) {
      const [first, second] = [setUp(), setUp()];
      const before = await told(first, stop);
      restoreCheckpoint(await decodeCheckpoint(await encodeCheckpoint(first)), second);
      const after = await told(second);
      // An epoch whose last step was taken ends with its event.
      expect([...before, ...after]).toEqual(whole);
    }
  });

  it("is not the mean of its values over batches", async () => {
    const { model, loader } = setUp();
    const { value } = await evaluate(model, loader, { value: r2 });
    expect(value).toBeCloseTo(await r2.compute(zeros([7, 1]), y), 6);
  });

  it("says that on got targets, not the batch", async () => {
    const { model, loader } = setUp();
    const auc = rocAuc.on((output: Tensor, batch: { readonly label: Tensor }) => [output, batch.label]);
    await expect(evaluate(model, loader, { auc: auc as never })).rejects.toThrow(
      "EpochMetric.on: the function returned no pair of outputs and targets. Return [output, target]. Without the option forward",
    );
  });

  it("takes other outputs and batches with on, and says when a function returns several numbers", async () => {
    const pair = { length: 4, batch: () => ({ score: tensor([1, 3, 2, 4]), label: labels([0, 1, 0, 1]) }) };
    const loader = new DataLoader(pair, { batchSize: 4 });
    const metrics = {
      auc: rocAuc.on((output: Tensor, batch: { readonly score: Tensor; readonly label: Tensor }) => [
        output,
        batch.label,
      ]),
    };
    const model = new Identity();
    expect(await evaluate({ model, loader, forward: (_, batch) => batch.score, metrics })).toEqual({
      auc: 1,
    });
    const { loss: _, ...setup } = setUp();
    await expect(fit({ ...setup, loss: (output) => output })).rejects.toThrow(
      "fit: the loss returned a tensor of shape [2, 1]; expected one number, as a tensor",
    );
  });
});
