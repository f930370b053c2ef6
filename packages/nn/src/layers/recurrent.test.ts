import { concat, Generator, normal, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell } from "../index.js";

/** The states that a layer of this name has. */
const statesOf = <State>(name: string, hidden: State, cell: State) =>
  name === "LSTM" ? { hidden, cell } : { hidden };

const draw = (seed: number, ...shape: number[]) =>
  normal(shape, { generator: new Generator(seed), dtype: "float64" });

describe.each([
  ["RNN", RNN, 1],
  ["GRU", GRU, 3],
  ["LSTM", LSTM, 4],
] as const)("%s", (name, Recurrent, gates) => {
  it("has PyTorch's names and shapes", () => {
    const layer = new Recurrent(3, 2, { numLayers: 2, bidirectional: true });
    const shapes = [...layer.stateDict()].map(([name, { shape }]) => `${name} ${shape.join("×")}`);
    const rows = gates * 2;
    expect(shapes).toEqual(
      ["l0", "l0_reverse", "l1", "l1_reverse"].flatMap((end) => [
        `weight_ih_${end} ${rows}×${end.startsWith("l0") ? 3 : 4}`,
        `weight_hh_${end} ${rows}×2`,
        `bias_ih_${end} ${rows}`,
        `bias_hh_${end} ${rows}`,
      ]),
    );
  });

  it("is initially uniform in ±1/√H for every input size", () => {
    const layer = new Recurrent(3, 25, { generator: new Generator(1) });
    for (const parameter of layer.parameters()) {
      const weights = [...parameter.dataSync()].map(Math.abs);
      expect(Math.max(...weights)).toBeLessThanOrEqual(1 / 5);
      expect(Math.max(...weights)).toBeGreaterThan(0.85 / 5);
    }
  });

  it("continues with the states that it returned", () => {
    const layer = new Recurrent(3, 2, { numLayers: 2, dtype: "float64" });
    const x = draw(1, 5, 2, 3);
    const whole = layer.forward(x);
    const { output: _first, ...states } = layer.forward(x.narrow(0, 0, 3));
    const rest = layer.forward(x.narrow(0, 3, 2), states);
    expect(rest.output.dataSync()).toEqual(whole.output.narrow(0, 3, 2).dataSync());
    expect(rest.hidden.dataSync()).toEqual(whole.hidden.dataSync());
  });

  it("moves the batch of input and output first, and never that of the states", () => {
    const options = { dtype: "float64", bidirectional: true } as const;
    const [layer, batchFirst] = [
      new Recurrent(3, 2, options),
      new Recurrent(3, 2, { ...options, batchFirst: true }),
    ];
    batchFirst.loadStateDict(layer.stateDict());
    const [x, hidden, cell] = [draw(2, 5, 4, 3), draw(3, 2, 4, 2), draw(4, 2, 4, 2)];
    const expected = layer.forward(x, statesOf(name, hidden, cell));
    const actual = batchFirst.forward(x.transpose(0, 1), statesOf(name, hidden, cell));
    expect(actual.output.transpose(0, 1).dataSync()).toEqual(expected.output.dataSync());
    expect(actual.hidden.shape).toEqual([2, 4, 2]);
    expect(actual.hidden.dataSync()).toEqual(expected.hidden.dataSync());
  });

  it("processes a sequence in reverse as the same weights do forward", () => {
    const both = new Recurrent(3, 2, { bidirectional: true, dtype: "float64" });
    const alone = new Recurrent(3, 2, { dtype: "float64" });
    const reverse = [...both.stateDict()].filter(([name]) => name.endsWith("_reverse"));
    alone.loadStateDict(new Map(reverse.map(([name, value]) => [name.replace("_reverse", ""), value])));
    const x = draw(5, 4, 1, 3);
    const backwards = alone.forward(x.flip(0)).output.flip(0);
    expect(both.forward(x).output.narrow(2, 2, 2).dataSync()).toEqual(backwards.dataSync());
  });

  it("drops between its layers, not after the last, and while training only", () => {
    const generator = new Generator(1);
    const one = new Recurrent(3, 4, { dropout: 0.5, generator });
    const x = ones([3, 1, 3]);
    expect(one.forward(x).output.dataSync()).toEqual(one.forward(x).output.dataSync());
    const two = new Recurrent(3, 4, { dropout: 0.5, numLayers: 2, generator });
    expect(two.forward(x).output.dataSync()).not.toEqual(two.forward(x).output.dataSync());
    expect(two.forward(x).output.equal(0).any().toArraySync()).toBe(false);
    two.eval();
    expect(two.forward(x).output.dataSync()).toEqual(two.forward(x).output.dataSync());
  });

  it("processes padded sequences as it processes each of them alone", () => {
    const options = { numLayers: 2, bidirectional: true, dtype: "float64" } as const;
    const layer = new Recurrent(3, 2, options);
    const [x, hidden, cell] = [draw(6, 5, 3, 3), draw(7, 4, 3, 2), draw(8, 4, 3, 2)];
    const lengths = tensor([2, 5, 3], { dtype: "int32" });
    const { output, ...ends } = layer.forward(x, { ...statesOf(name, hidden, cell), lengths });
    [2, 5, 3].forEach((length, i) => {
      const one = (whole: typeof x) => whole.narrow(1, i, 1);
      const states = statesOf(name, one(hidden), one(cell));
      const alone = layer.forward(one(x.narrow(0, 0, length)), states);
      const padded = concat([alone.output, zeros([5 - length, 1, 4], { dtype: "float64" })]);
      expect(one(output).dataSync()).toEqual(padded.dataSync());
      expect(one(ends.hidden).dataSync()).toEqual(alone.hidden.dataSync());
    });
  });

  it("takes an empty batch, but no sequence without a step", () => {
    const layer = new Recurrent(3, 2);
    expect(layer.forward(zeros([4, 0, 3])).output.shape).toEqual([4, 0, 2]);
    expect(() => layer.forward(zeros([0, 1, 3]))).toThrow("got [0, 1, 3]; expected [T, N, 3] or [T, 3]");
  });
});

describe.each([
  ["RNN", RNN, RNNCell, 1],
  ["GRU", GRU, GRUCell, 3],
  ["LSTM", LSTM, LSTMCell, 4],
] as const)("%sCell", (_, Recurrent, Cell, gates) => {
  it("takes a step of its layer, and what it returns", () => {
    const [layer, cell] = [new Recurrent(3, 2, { dtype: "float64" }), new Cell(3, 2, { dtype: "float64" })];
    cell.loadStateDict(
      new Map([...layer.stateDict()].map(([name, value]) => [name.replace("_l0", ""), value])),
    );
    const x = draw(1, 4, 5, 3);
    let state: { hidden?: typeof x } = {};
    for (let i = 0; i < 4; i++) state = cell.forward(x.select(0, i), state);
    expect(state.hidden?.dataSync()).toEqual(layer.forward(x).hidden.dataSync());
  });

  it("has PyTorch's names and shapes, and says what does not fit", () => {
    const cell = new Cell(3, 2);
    const shapes = [...cell.stateDict()].map(([name, { shape }]) => `${name} ${shape.join("×")}`);
    const rows = gates * 2;
    expect(shapes).toEqual([
      `weight_ih ${rows}×3`,
      `weight_hh ${rows}×2`,
      `bias_ih ${rows}`,
      `bias_hh ${rows}`,
    ]);
    expect(() => cell.forward(zeros([2, 4]))).toThrow("(3, 2): got [2, 4]; expected [N, 3] or [3]");
    expect(() => cell.forward(zeros([4, 3]), { hidden: zeros([2]) })).toThrow(
      "got hidden [2]; expected [4, 2]",
    );
  });
});

describe("errors of RNN, GRU and LSTM", () => {
  it("report the layer, the input and the expected shape", () => {
    const layer = new LSTM(3, 2, { numLayers: 2, batchFirst: true });
    const x = zeros([5, 4, 3]);
    expect(() => layer.forward(zeros([5, 4, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got [5, 4, 2]; expected [N, T, 3] or [T, 3] with at least one step]`,
    );
    expect(() => layer.forward(zeros([5, 0, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got [5, 0, 3]; expected [N, T, 3] or [T, 3] with at least one step]`,
    );
    expect(() => layer.forward(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got [3]; expected [N, T, 3] or [T, 3] with at least one step]`,
    );
    expect(() => layer.forward(x, { hidden: zeros([4, 2, 2]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got hidden [4, 2, 2]; expected [2, 5, 2]]`,
    );
    expect(() => layer.forward(x, { cell: zeros([2, 4, 2]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got cell [2, 4, 2]; expected [2, 5, 2]]`,
    );
    expect(() =>
      layer.forward(x, { lengths: tensor([1, 2], { dtype: "int32" }) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got lengths [2]; expected one for each sequence, [5]]`,
    );
    expect(() => layer.forward(x, { lengths: ones([5]) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got lengths of float32; expected int32. Cast them with lengths.cast("int32")]`,
    );
    expect(() =>
      layer.forward(x, { lengths: tensor([1, 5, 1, 1, 1], { dtype: "int32" }) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got the length 5; expected 1 to 4, the steps of x]`,
    );
    expect(() => layer.forward(zeros([4, 3]), { lengths: ones([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got lengths [1]; expected none without a batch]`,
    );
    expect(() => layer.forward(x.cast("int32"))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: LSTM(3, 2, { numLayers: 2, batchFirst: true }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });

  it("report which option does not fit", () => {
    expect(() => new GRU(0, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: GRU: got inputSize 0; expected a whole number of at least 1]`,
    );
    expect(() => new GRU(3, 2, { numLayers: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: GRU: got numLayers 1.5; expected a whole number of at least 1]`,
    );
    expect(() => new GRU(3, 2, { dropout: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: GRU: got dropout -1; expected a number from 0 to 1]`,
    );
    const nonlinearity = "sigmoid" as "tanh";
    expect(() => new RNN(3, 2, { nonlinearity })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RNN: got nonlinearity "sigmoid"; expected "tanh" or "relu"]`,
    );
  });
});
