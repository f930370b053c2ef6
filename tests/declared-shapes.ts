/*
 * Random sequences of layers as a program, to compare the shapes that TypeScript infers with those at run time.
 */

/** A layer that declares its shapes or keeps them, and its arguments. */
interface LayerText {
  readonly name: "Flatten" | "LayerNorm" | "Linear" | "ReLU" | "RMSNorm" | "Tanh";
  readonly values: readonly unknown[];
}

interface Case {
  /** The line of its call, counted from 1. */
  readonly line: number;
  readonly text: string;
  readonly layers: readonly LayerText[];
  readonly input: number[];
}

/** A program with a line for each case, `const y3 = new Sequential(…).forward(zeros([2, 3]));`, and the cases. */
export function declaredShapes({ count, seed }: { readonly count: number; readonly seed: number }): {
  readonly source: string;
  readonly cases: readonly Case[];
} {
  const draw = drawFrom(seed);
  const header = [
    'import { Flatten, LayerNorm, Linear, ReLU, RMSNorm, Sequential, Tanh } from "@stargrad/nn";',
    'import { zeros } from "@stargrad/tensor";',
  ];
  const cases = Array.from({ length: count }, (_, i): Case => {
    const input = Array.from({ length: draw(1, 4) }, () => draw(2, 4));
    const layers = layersFor(input, draw);
    const written = layers.map(
      ({ name, values }) => `new ${name}(${values.map((v) => write(v)).join(", ")})`,
    );
    // In every second case the last layers are inside a Sequential of their own.
    const nested =
      i % 2 === 0 ? written : [...written.slice(0, -1), `new Sequential(${written.at(-1) ?? ""})`];
    const text = `const y${i} = new Sequential(${nested.join(", ")}).forward(zeros(${write(input)}));`;
    return { line: header.length + 1 + i, text, layers, input };
  });
  return { source: [...header, ...cases.map(({ text }) => text)].join("\n"), cases };
}

/** One to four layers. Each accepts the output of the one before, unless the draw makes it wrong on purpose. */
function layersFor(input: readonly number[], draw: (least: number, most: number) => number): LayerText[] {
  let shape = input;
  return Array.from({ length: draw(1, 4) }, (): LayerText => {
    const off = draw(1, 8) === 1 ? 1 : 0;
    const last = shape[shape.length - 1];
    switch (draw(1, 6)) {
      case 1: {
        const out = draw(2, 5);
        shape = [...shape.slice(0, -1), out];
        return { name: "Linear", values: [last + off, out] };
      }
      case 2:
        return {
          name: "LayerNorm",
          values: [shape.length < 2 ? last + off : [...shape.slice(-2, -1), last + off]],
        };
      case 3:
        return { name: "RMSNorm", values: [last + off] };
      case 4: {
        const startAxis = draw(0, shape.length - 1);
        const joined = shape.slice(startAxis).reduce((product, length) => product * length, 1);
        const values = [{ startAxis: startAxis + (off === 0 ? 0 : shape.length) }];
        shape = [...shape.slice(0, startAxis), joined];
        return { name: "Flatten", values };
      }
      case 5:
        return { name: "ReLU", values: [] };
      default:
        return { name: "Tanh", values: [] };
    }
  });
}

function write(value: unknown): string {
  return JSON.stringify(value).replaceAll('"', "");
}

/** Draws whole numbers from least to most; the same ones for the same seed. */
function drawFrom(seed: number): (least: number, most: number) => number {
  let state = seed;
  return (least, most) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return least + Math.floor((state / 2 ** 31) * (most - least + 1));
  };
}
