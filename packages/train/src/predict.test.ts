import { Dropout, Linear, Module, Sequential } from "@stargrad/nn";
import { Generator, normal, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { predict } from "./predict.js";

const generator = new Generator(1);
const x = normal([10, 4], { generator });

describe("predict", () => {
  it.each([1, 3, 10, 256])("is the forward pass of all rows, in batches of %i", async (batchSize) => {
    const model = new Sequential(new Linear(4, 3, { generator }), new Dropout(0.5));
    const expected = model.layers[0].forward(x).dataSync();
    for (let time = 0; time < 2; time++) {
      const y = await predict(model, x, { batchSize });
      expect(y.shape).toEqual([10, 3]);
      expect(y.dataSync()).toEqual(expected);
      expect(y.node.tracked).toBe(false);
    }
    expect(model.modules().every(({ training }) => training)).toBe(true);
  });

  it("uses weights that were trained or replaced since", async () => {
    const model = new Sequential(new Linear(4, 3, { generator }));
    await predict(model, x);
    const [weight] = model.parameters();
    weight.assign(zeros([3, 4]));
    const bias = model.parameters()[1].dataSync();
    expect((await predict(model, x)).dataSync().slice(0, 3)).toEqual(bias);
    (model.layers as Module[])[0] = new Linear(4, 2, { generator });
    expect((await predict(model, x)).shape).toEqual([10, 2]);
  });

  it("uses the current contents of a private field at each call", async () => {
    class Scales extends Module {
      #by = 1;
      scaleBy(by: number): void {
        this.#by = by;
      }
      forward(rows: Tensor): Tensor {
        return rows.mul(this.#by);
      }
    }
    const model = new Scales();
    for (const by of [1, 3]) {
      model.scaleBy(by);
      expect((await predict(model, x)).dataSync()).toEqual(x.mul(by).dataSync());
    }
  });

  it("calls a forward that reads values for every batch", async () => {
    class Chooses extends Module {
      calls = 0;
      forward(rows: Tensor): Tensor {
        this.calls++;
        return rows.sum().itemSync() > 0 ? rows : rows.neg();
      }
    }
    const model = new Chooses();
    const y = await predict(model, x, { batchSize: 4 });
    const sums = [0, 4, 8].map((start) =>
      y
        .narrow(0, start, Math.min(4, 10 - start))
        .sum()
        .itemSync(),
    );
    expect(sums.every((sum) => sum > 0)).toBe(true);
    expect(model.calls).toBe(4);
  });

  it("returns no rows for no rows", async () => {
    const model = new Linear(4, 3, { generator });
    expect((await predict(model, zeros([0, 4]))).shape).toEqual([0, 3]);
  });

  it("reports errors, and restores the modes", async () => {
    const model = new Linear(4, 3, { generator });
    await expect(predict(model, zeros([]))).rejects.toThrow("predict: got a scalar");
    await expect(predict(model, x, { batchSize: 0 })).rejects.toThrow("got batchSize 0");
    await expect(predict(model, zeros([2, 5]))).rejects.toThrow("Linear(4, 3): got [2, 5]");
    class Sums extends Module {
      forward(rows: Tensor): Tensor {
        return rows.sum();
      }
    }
    await expect(predict(new Sums(), x)).rejects.toThrow("forward returned [] for 10 rows");
    expect(model.training).toBe(true);
  });
});

it.each([[3], [undefined], [Promise.resolve(zeros([2, 1]))], [[zeros([2, 1])]]])(
  "a forward that returns no tensor is told so",
  async (returned) => {
    class Odd extends Module {
      forward(): Tensor {
        return returned as never;
      }
    }
    await expect(predict(new Odd(), zeros([2, 1]))).rejects.toThrow(
      "predict: forward returned no tensor for 2 rows",
    );
  },
);
