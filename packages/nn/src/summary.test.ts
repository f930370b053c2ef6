import { Buffer, Parameter } from "@stargrad/autograd";
import {
  bernoulli,
  defaultGenerator,
  getEngine,
  ones,
  setEngine,
  tensor,
  zeros,
  type Tensor,
} from "@stargrad/tensor";
import { afterEach, describe, expect, it } from "vitest";

import { goldenCases, readGolden } from "../scripts/golden-cases.js";
import { subjectOf } from "../scripts/golden-subjects.js";
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  Embedding,
  Flatten,
  GRU,
  Linear,
  LSTM,
  Module,
  MultiheadAttention,
  ReLU,
  Residual,
  Sequential,
  summary,
  TransformerEncoderLayer,
} from "./index.js";

const engine = getEngine();

/** Makes every program fail, to detect computations. */
function forbidComputing(): void {
  setEngine({
    name: "forbidden",
    capabilities: engine.capabilities,
    prepare() {
      throw new Error("something was computed");
    },
  });
}

afterEach(() => {
  setEngine(engine);
});

/** Two inputs, one of them indices, and two outputs; a layer used twice, and a weight that two layers share. */
class Reader extends Module {
  readonly scale = new Parameter(ones([6]));
  readonly embedding = new Embedding(11, 6);
  readonly mix = new Linear(6, 6);
  readonly heads = [new Linear(6, 11, { bias: false })];

  constructor() {
    super();
    Object.assign(this.heads[0], { weight: this.embedding.weight });
  }

  forward(words: Tensor, weights: Tensor): { logits: Tensor; attention: Tensor[] } {
    const x = this.embedding.forward(words).mul(this.scale); // [N, T, 6]
    const mixed = this.mix.forward(this.mix.forward(x));
    return { logits: this.heads[0].forward(mixed), attention: [weights.matmul(mixed)] };
  }
}

describe("summary", () => {
  it("prints a table whose rows add up to its totals", () => {
    const seen = summary(
      new Reader(),
      [
        [4, 9],
        [4, 2, 9],
      ],
      { dtype: ["int32", "float32"] },
    );
    expect(`\n${seen.toString()}`).toMatchInlineSnapshot(`
      "
      layer                                       output                  parameters  multiply-adds
      Reader                                      [4, 9, 11], [4, 2, 6]            6            432
      ├─ embedding: Embedding(11, 6)              [4, 9, 6]                       66
      ├─ mix: Linear(6, 6)                        [4, 9, 6] ×2                    42          2,592
      └─ heads.0: Linear(6, 11, { bias: false })  [4, 9, 11]             (66 shared)          2,376
      total                                                                      114          5,400"
    `);
    expect(seen.rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(seen.parameters);
    expect(seen.rows.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0)).toBe(seen.multiplyAdds);
    expect(seen.rows[0]).toEqual({
      name: "",
      layer: "Reader",
      sameAs: null,
      outputs: [
        [
          [4, 9, 11],
          [4, 2, 6],
        ],
      ],
      parameters: 6,
      sharedParameters: 0,
      multiplyAdds: 4 * 2 * 9 * 6,
    });
    expect(seen.rows.map(({ name }) => name)).toEqual(["", "embedding", "mix", "heads.0"]);
  });

  it("lists a module with two paths twice, and counts it once", () => {
    const shared = new Linear(3, 3);
    const model = new Sequential(shared, new ReLU(), shared);
    shared.freeze();
    expect(`\n${summary(model, [5, 3]).toString()}`).toMatchInlineSnapshot(`
      "
      layer                output     parameters  multiply-adds
      Sequential           [5, 3]
      ├─ 0: Linear(3, 3)   [5, 3] ×2          12             90
      ├─ 1: ReLU()         [5, 3]
      └─ 2: the same as 0
      total                                   12             90
      frozen                                  12"
    `);
  });

  it("adds modules beyond the depth to their parents", () => {
    const model = new TransformerEncoderLayer(8, 2, { dimFeedforward: 12 });
    const whole = summary(model, [5, 2, 8]);
    const shallow = summary(model, [5, 2, 8], { depth: 1 });
    expect(`\n${shallow.toString()}`).toMatchInlineSnapshot(`
      "
      layer                                                           output                    parameters  multiply-adds
      TransformerEncoderLayer                                         [5, 2, 8]
      ├─ self_attn: MultiheadAttention(8, 2, { dropout: 0.1 })        [5, 2, 8]                        288          3,360
      ├─ linear1: Linear(8, 12)                                       [5, 2, 12]                       108            960
      ├─ linear2: Linear(12, 8)                                       [5, 2, 8]                        104            960
      ├─ norm1: LayerNorm(8, { epsilon: 0.00001, dtype: "float32" })  [5, 2, 8]                         16
      ├─ norm2: LayerNorm(8, { epsilon: 0.00001, dtype: "float32" })  [5, 2, 8]                         16
      └─ dropout: Dropout(0.1)                                        [5, 2, 8] ×2; [5, 2, 12]
      total                                                                                            532          5,280"
    `);
    expect([shallow.parameters, shallow.multiplyAdds]).toEqual([whole.parameters, whole.multiplyAdds]);
    expect(summary(model, [5, 2, 8], { depth: 0 }).rows).toHaveLength(1);
  });

  it("counts every call of a module that another one calls again", () => {
    class Again extends Module {
      readonly linear = new Linear(2, 2);
      readonly #whole: Whole;
      constructor(whole: Whole) {
        super();
        this.#whole = whole;
      }
      forward(x: Tensor, times: number): Tensor {
        const y = this.linear.forward(x);
        return times === 0 ? y : this.#whole.forward(y, times - 1);
      }
    }
    class Whole extends Module {
      readonly again = new Again(this);
      forward(x: Tensor, times: number): Tensor {
        return this.again.forward(x.matmul(x.transpose()).matmul(x), times);
      }
    }
    const { rows } = summary(new Whole(), [[5, 2], 2]);
    expect(rows.map(({ name, outputs, multiplyAdds }) => [name, outputs.length, multiplyAdds])).toEqual([
      ["", 3, 3 * 2 * 5 * 5 * 2],
      ["again", 3, 0],
      ["again.linear", 3, 3 * 5 * 2 * 2],
    ]);
  });

  it("computes nothing, however deep the model is", () => {
    const model = new LSTM(3, 4, { bidirectional: true });
    forbidComputing();
    // Two directions of 500 steps, each of which builds on the one before.
    const { multiplyAdds, rows } = summary(model, [500, 2, 3]);
    expect(multiplyAdds).toBe(500 * 2 * 2 * (3 * 16 + 4 * 16));
    expect(rows[0].outputs).toEqual([
      [
        [500, 2, 8],
        [2, 2, 4],
        [2, 2, 4],
      ],
    ]);
  });

  it("does not change the model", () => {
    const frozen = new BatchNorm1d(3).eval();
    const model = new Sequential(frozen, new BatchNorm1d(3), new Dropout(0.5));
    const state = new Map([...model.stateDict()].map(([name, value]) => [name, value.dataSync()]));
    const nodes = [...model.parameters(), ...model.namedBuffers().values()].map(({ node }) => node);
    const generator = defaultGenerator().state();
    forbidComputing();
    summary(model, [1, 3]);
    expect(model.modules().map(({ training }) => training)).toEqual([true, false, true, true]);
    expect([...model.parameters(), ...model.namedBuffers().values()].map(({ node }) => node)).toEqual(nodes);
    expect(defaultGenerator().state()).toEqual(generator);
    expect(Object.hasOwn(model, "forward")).toBe(false);
    setEngine(engine);
    for (const [name, value] of model.stateDict()) expect(value.dataSync()).toEqual(state.get(name));
  });

  it("restores what forward changes, even if it throws", () => {
    class Counter extends Module {
      readonly count = new Buffer(zeros([]));
      forward = (x: Tensor, fails = false): Tensor => {
        this.count.assign(this.count.add(1));
        if (fails) throw new Error("in vain");
        return x.mul(bernoulli(x.shape, { probability: 0.5 }).cast("float32"));
      };
    }
    const model = new Counter();
    const { forward } = model;
    const generator = defaultGenerator().state();
    expect(summary(model, [2, 3]).rows[0].outputs).toEqual([[[2, 3]]]);
    expect(() => summary(model, [[2, 3], true])).toThrow("in vain");
    expect(model.count.itemSync()).toBe(0);
    expect(model.training).toBe(true);
    expect(model.forward).toBe(forward);
    expect(defaultGenerator().state()).toEqual(generator);
  });

  it("passes the given examples to a forward that reads its input", () => {
    class Chooses extends Module {
      readonly few = new Linear(1, 1);
      readonly many = new Linear(1, 5);
      forward(x: Tensor): Tensor {
        return x.max().itemSync() > 1 ? this.many.forward(x) : this.few.forward(x);
      }
    }
    const called = (input: Tensor | number[]) =>
      summary(new Chooses(), input)
        .rows.filter(({ outputs }) => outputs.length > 0)
        .map(({ name }) => name);
    expect(called([2, 1])).toEqual(["", "few"]);
    expect(called(tensor([[2], [3]]))).toEqual(["", "many"]);
  });

  it("passes further arguments to forward, and uses the element type of the model", () => {
    const attention = new MultiheadAttention(4, 2, { dtype: "float64" });
    const shape = [3, 1, 4];
    const { rows } = summary(attention, [shape, shape, shape, { averageWeights: false }]);
    expect(rows[0].outputs).toEqual([[shape, [1, 2, 3, 3]]]);
    // Cross-attention: four projections, and two products of [3, 4] and [3, 4] in 2 heads.
    expect(summary(attention, [shape, shape, shape]).multiplyAdds).toBe(4 * 3 * 4 * 4 + 2 * 3 * 3 * 4);
  });

  it("says what does not fit", () => {
    // @ts-expect-error TypeScript sees it too
    const model = new Sequential(new Linear(2, 3), new Linear(4, 5));
    expect(() => summary(model, [7, 2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Linear(4, 5): got [7, 3]; expected […, 4]]`,
    );
    expect(() => summary(model, [7, 2], { depth: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: summary: got depth -1; expected at least 0]`,
    );
    expect(() =>
      summary(model, [[7, 2]], { dtype: ["int32", "float32"] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: summary: got 2 dtypes for 1 shapes; expected one for each, or one for all]`,
    );
    expect(() => summary(model, [7, -2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: zeros: got the shape [7, -2]; every axis must be a whole number of at least 0]`,
    );
    expect(model.training).toBe(true);
  });
});

describe("every layer", () => {
  const cases = goldenCases().filter(({ tensors }) => Object.keys(tensors).length === 0);
  const layers = new Map(cases.toReversed().map((golden) => [golden.name, golden]));
  const modules = [...layers].flatMap(([name, golden]) => {
    const { module } = subjectOf(golden, "float32");
    return module === null ? [] : [{ name, golden, module }];
  });

  it.each(modules)("$name has a summary from shapes only", ({ name, golden, module }) => {
    const shapes = golden.inputs.map(({ shape }) => shape);
    // Self-attention has one input in the file.
    const inputs =
      name === "MultiheadAttention" && shapes.length === 1 ? [...shapes, ...shapes, ...shapes] : shapes;
    // The flags of stacks say how they are built.
    const isStack = ["TransformerDecoder", "TransformerEncoder"].includes(name);
    const options = isStack || Object.keys(golden.flags).length === 0 ? [] : [golden.flags];
    const dtype = golden.inputs[0].dtype ?? "float32";
    forbidComputing();
    const { rows, parameters } = summary(module, [...inputs, ...options], { dtype });
    expect(rows[0].outputs).toEqual([Object.values(golden.outputs).map(({ shape }) => shape)]);
    const sizes = Object.values(golden.stateGradients).map(({ data }) => data.length);
    expect(parameters).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });
});

// Every model of the file that golden/summary.py wrote.
interface Counted {
  model: string;
  input: number[];
  parameters: number;
  multiplyAdds: number;
  /** What each call of each module returned first, by the module's path. */
  outputs: Record<string, number[][]>;
}

class Shared extends Module {
  readonly embedding = new Embedding(11, 6);
  readonly mix = new Linear(6, 6);
  readonly head = new Linear(6, 11, { bias: false });

  constructor() {
    super();
    Object.assign(this.head, { weight: this.embedding.weight });
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.mix.forward(this.mix.forward(this.embedding.forward(x))));
  }
}

const models: Record<string, Module> = {
  "residual block": new Residual(
    new Sequential(
      new Conv2d(8, 16, 3, { stride: 2, padding: 1, bias: false }),
      new BatchNorm2d(16),
      new ReLU(),
      new Conv2d(16, 16, 3, { padding: 1, bias: false }),
      new BatchNorm2d(16),
    ),
    new Sequential(new Conv2d(8, 16, 1, { stride: 2, bias: false }), new BatchNorm2d(16)),
  ),
  "depthwise and transposed": new Sequential(
    new Conv2d(6, 6, [3, 5], { padding: 2, dilation: [2, 1], groups: 6 }),
    new Conv2d(6, 10, 1),
    new ConvTranspose2d(10, 4, 3, { stride: 2, groups: 2 }),
    new Flatten(),
    new Linear(4 * 19 * 23, 3),
  ),
  "encoder layer": new TransformerEncoderLayer(24, 4, { dimFeedforward: 40 }),
  LSTM: new LSTM(5, 7, { numLayers: 2, bidirectional: true }),
  GRU: new GRU(3, 4),
  shared: new Shared(),
};

describe("PyTorch's models", () => {
  it.each(readGolden("summary.json") as Counted[])("have the same counts: $model", (expected) => {
    const model = models[expected.model];
    const dtype = expected.model === "shared" ? "int32" : "float32";
    const { parameters, multiplyAdds, rows } = summary(model, expected.input, { dtype });
    expect({ parameters, multiplyAdds }).toEqual({
      parameters: expected.parameters,
      multiplyAdds: expected.multiplyAdds,
    });
    for (const [name, outputs] of Object.entries(expected.outputs)) {
      // PyTorch's encoder layer has three dropouts, and ours one that it calls three times.
      const row = rows.find((row) => row.name === name && !row.layer.startsWith("Dropout"));
      if (row !== undefined)
        expect(
          row.outputs.map(([first]) => first),
          name,
        ).toEqual(outputs);
    }
  });
});
