import { sizeOf, type Data } from "./data.js";
import type { Split } from "./split.js";

// What of the data is shown: examples, how many there are, and what leaks.

/** One example, to be looked at. */
export interface ExampleView {
  readonly index: number;
  /** The name of its class. */
  readonly is: string;
  /** The pixels, RGBA. Null for a row of a table. */
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  } | null;
  /** The first features of a row. */
  readonly row: readonly number[];
}

export interface DataSummary {
  readonly name: string;
  readonly what: Data["what"];
  readonly shape: readonly number[];
  readonly features: readonly string[];
  readonly count: number;
  readonly classes: readonly { readonly name: string; readonly training: number; readonly heldOut: number }[];
  readonly training: number;
  readonly heldOut: number;
  /** Whether the files said what is held out. */
  readonly isGivenSplit: boolean;
  readonly leaks: number;
  readonly leakExamples: readonly (readonly [heldOut: ExampleView, training: ExampleView])[];
  readonly examples: readonly ExampleView[];
  readonly notes: readonly string[];
  readonly targets: readonly string[];
  readonly target: string | null;
}

const shownExamples = 32;
const shownFeatures = 6;

export function summaryOf(data: Data, split: Split): DataSummary {
  const { name, what, shape, features, labels, classes, notes, targets = [], target = null } = data;
  const count = (indices: Int32Array): number[] => {
    const counts = Array<number>(classes.length).fill(0);
    for (const index of indices) counts[labels[index]]++;
    return counts;
  };
  const [training, heldOut] = [count(split.training), count(split.heldOut)];
  // Evenly from the training examples, which are in the order of the data.
  const every = Math.max(1, split.training.length / shownExamples);
  const examples = Array.from({ length: Math.min(shownExamples, split.training.length) }, (_, i) =>
    exampleOf(data, split.training[Math.floor(i * every)]),
  );
  return {
    name, what, shape, features: features.slice(0, shownFeatures), notes, targets, target, examples,
    count: labels.length,
    classes: classes.map((title, i) => ({ name: title, training: training[i], heldOut: heldOut[i] })),
    training: split.training.length,
    heldOut: split.heldOut.length,
    isGivenSplit: data.heldOutFrom !== null,
    leaks: split.leaks.length,
    leakExamples: split.leaks.slice(0, 3).map(([out, twin]) => [exampleOf(data, out), exampleOf(data, twin)]),
  }; // prettier-ignore
}

export function exampleOf(data: Data, index: number): ExampleView {
  const { values, labels, classes, what } = data;
  const size = sizeOf(data);
  const own = values.subarray(index * size, (index + 1) * size);
  const is = classes[labels[index]];
  if (what === "row") return { index, is, picture: null, row: [...own.subarray(0, shownFeatures)] };
  return { index, is, picture: pictureOf(own, data.shape), row: [] };
}

/** Pixels of bytes as they are, and of other numbers from the least to the largest. Ink of one channel is dark. */
function pictureOf(
  own: Uint8Array | Float32Array,
  [channels, height, width]: readonly number[],
): ExampleView["picture"] {
  const isByte = own instanceof Uint8Array;
  const low = isByte ? 0 : own.reduce((least, value) => Math.min(least, value), Infinity);
  const high = isByte ? 255 : own.reduce((most, value) => Math.max(most, value), -Infinity);
  const shade = (value: number): number => (255 * (value - low)) / (high - low || 1);
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = shade(own[channels === 3 ? channel * width * height + i : i]);
      pixels[4 * i + channel] = channels === 3 ? value : 255 - value;
    }
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}
