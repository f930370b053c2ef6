import { vjp } from "@stargrad/autograd";
import { referenceEngine, type Engine } from "@stargrad/graph";
import { Conv2d, ConvTranspose2d } from "@stargrad/nn";
import { Generator, setEngine, uniform, type Tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterAll, expect, it } from "vitest";

// A convolution, its transpose, and the gradients of both with respect to input and filter. On the WebAssembly engine they are products
// that read windows in place, on the reference engine one loop for each primitive.

const wasm = new WasmEngine();

afterAll(() => {
  setEngine(wasm);
});

type Pair = readonly [number, number];

interface Options {
  readonly transposed: boolean;
  readonly batch: number;
  readonly groups: number;
  /** The channels into and out of one group; 1 and 1 with several groups is a depthwise convolution. */
  readonly channels: Pair;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Pair;
}

it("a convolution and its gradients are the same on both engines", () => {
  const cases = someOptions(80).filter(fits);
  expect(cases.length).toBeGreaterThan(50);
  for (const options of cases) {
    const [expected, got] = [referenceEngine, wasm].map((engine) => compute(options, engine));
    for (const [i, values] of expected.entries()) {
      expect(got[i].length).toBe(values.length);
      const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(value - got[i][j])), 0);
      expect(worst, JSON.stringify(options)).toBeLessThan(1e-12);
    }
  }
});

/** Draws the given number of options; the same ones in every run. */
function someOptions(count: number): Options[] {
  let state = 1;
  const draw = (least: number, most: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return least + ((state >>> 16) % (most - least + 1));
  };
  const pair = (least: number, most: number): Pair => [draw(least, most), draw(least, most)];
  return Array.from({ length: count }, () => ({
    transposed: draw(0, 2) === 0,
    batch: draw(1, 3),
    groups: draw(1, 3),
    channels: pair(1, 4),
    size: pair(4, 13),
    kernel: pair(1, 4),
    stride: pair(1, 4),
    dilation: pair(1, 3),
    padding: pair(0, 3),
  }));
}

/** Whether the output is not empty; the padding of a transposed convolution can remove all of it. */
function fits({ transposed, size, kernel, stride, dilation, padding }: Options): boolean {
  return size.every((length, axis) => {
    const span = dilation[axis] * (kernel[axis] - 1) + 1;
    return transposed
      ? (length - 1) * stride[axis] + span - 2 * padding[axis] > 0
      : length + 2 * padding[axis] >= span;
  });
}

/** The output and, for a random upstream gradient, the gradients of the input and of the filter. */
function compute(
  { transposed, batch, groups, channels, size, kernel, ...others }: Options,
  engine: Engine,
): number[][] {
  setEngine(engine);
  const generator = new Generator(1);
  const kind = transposed ? ConvTranspose2d : Conv2d;
  const [inputs, outputs] = channels.map((count) => count * groups);
  const layer = new kind(inputs, outputs, kernel, { ...others, groups, dtype: "float64", generator });
  const x = uniform([batch, inputs, ...size], { dtype: "float64", generator });
  const convolve = (input: Tensor, weight: Tensor): Tensor => Object.assign(layer, { weight }).forward(input);
  const { value, pullBack } = vjp(convolve, x, layer.weight as Tensor);
  const upstream = uniform(value.shape, { dtype: "float64", generator });
  return [value, ...pullBack(upstream)].map((result) => Array.from(result.dataSync(), Number));
}
