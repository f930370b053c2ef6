import { ArgumentError, fromData, Generator } from "@stargrad/tensor";
import {
  anything,
  belowOne,
  count,
  expectOptions,
  finite,
  notNegative,
  type OptionKinds,
  wholeFrom,
} from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "./arrays.js";
import { expectFew } from "./dataset.js";

export interface SyntheticOptions {
  /** How many points there are, divided among the classes as evenly as possible. Default: 200. */
  readonly samples?: number;
  /** Standard deviation of the normal noise added to each coordinate. Default: 0. */
  readonly noise?: number;
  /** Default: 0. */
  readonly seed?: number;
}

const syntheticKinds: OptionKinds<SyntheticOptions> = {
  samples: /* @__PURE__ */ wholeFrom(0),
  noise: notNegative,
  seed: anything,
};

/** Labelled points: x [N, features] float32, y [N] int32, with 2 features by default. The classes alternate, except in `xor`. */
export type Points = TensorDataset<"x" | "y">;

/**
 * Spiral arms that wind around each other. At radius r, 0 < r ≤ 1, arm k of K is at the angle 2π (turns·r + k/K).
 *
 * Shapes: x [N, 2], y [N] the number of the arm
 * Defaults: 2 classes, 1 turn
 * Throws: ArgumentError for options out of range
 */
export function spirals(
  options: SyntheticOptions & { readonly classes?: number; readonly turns?: number } = {},
): Points {
  expectOptions("spirals", options, { ...syntheticKinds, classes: count, turns: finite });
  const { classes = 2, turns = 1 } = options;
  return pointsOfClasses("spirals", classes, options, (arm, index, count) => {
    const radius = (index + 1) / count;
    return onCircle(radius, 2 * Math.PI * (turns * radius + arm / classes));
  });
}

/**
 * Two interleaving half circles: (cos t, sin t) and (1 − cos t, ½ − sin t), 0 ≤ t ≤ π.
 *
 * Shapes: x [N, 2], y [N] 0 for the upper, 1 for the lower
 * Throws: ArgumentError for options out of range
 * Source: sklearn.datasets.make_moons
 */
export function moons(options: SyntheticOptions = {}): Points {
  expectOptions("moons", options, syntheticKinds);
  return pointsOfClasses("moons", 2, options, (lower, index, count) => {
    const [x, y] = onCircle(1, (Math.PI * index) / Math.max(1, count - 1));
    return lower === 1 ? [1 - x, 0.5 - y] : [x, y];
  });
}

/**
 * Two concentric circles, with the radii 1 and `factor`.
 *
 * Shapes: x [N, 2], y [N] 0 for the outer, 1 for the inner
 * Defaults: factor 0.8
 * Throws: ArgumentError for options out of range
 * Source: sklearn.datasets.make_circles
 */
export function circles(options: SyntheticOptions & { readonly factor?: number } = {}): Points {
  expectOptions("circles", options, { ...syntheticKinds, factor: belowOne });
  const { factor = 0.8 } = options;
  return pointsOfClasses("circles", 2, options, (inner, index, count) =>
    onCircle(inner === 1 ? factor : 1, (2 * Math.PI * index) / count),
  );
}

/**
 * Points in the square [−1, 1]². The label is 1 if exactly one coordinate is positive, before noise is added.
 *
 * Shapes: x [N, 2], y [N] 1 where the signs differ
 * Throws: ArgumentError for options out of range
 */
export function xor(options: SyntheticOptions = {}): Points {
  expectOptions("xor", options, syntheticKinds);
  return points("xor", options, 2, (_, generator) => {
    const [x, y] = [2 * generator.uniform() - 1, 2 * generator.uniform() - 1];
    return { at: [x, y], label: x > 0 === y > 0 ? 0 : 1 };
  });
}

/**
 * Points in the square [−1, 1]² that a straight line through the middle divides: the label is 1 where x + y > 0, before noise is
 * added. No point is nearer to the line than half of `margin`.
 *
 * Shapes: x [N, 2], y [N] 1 above the line
 * Defaults: margin 0.2
 * Throws: ArgumentError for options out of range
 */
export function linear(options: SyntheticOptions & { readonly margin?: number } = {}): Points {
  expectOptions("linear", options, { ...syntheticKinds, margin: belowOne });
  const { margin = 0.2 } = options;
  return points("linear", options, 2, (_, generator) => {
    for (;;) {
      const [x, y] = [2 * generator.uniform() - 1, 2 * generator.uniform() - 1];
      if (Math.abs(x + y) >= margin / Math.SQRT2) return { at: [x, y], label: x + y > 0 ? 1 : 0 };
    }
  });
}

export interface BlobsOptions extends SyntheticOptions {
  /** The centers; or their number, for random ones with coordinates uniform in [−10, 10). Default: 3. */
  readonly centers?: number | readonly (readonly number[])[];
  /** The number of coordinates, if the centers are random. Default: 2. */
  readonly features?: number;
  /** Standard deviation of each coordinate. Default: 1. */
  readonly noise?: number;
}

/**
 * Normal clusters around K centers: point i is `center[i mod K] + noise · z`, with z from the standard normal distribution. Random
 * centers depend only on the seed, on their number and on `features`: more points have the same centers.
 *
 * Shapes: x [N, features], y [N] the center
 * Defaults: 3 centers, 2 features, noise 1
 * Throws: ArgumentError for options out of range, if there is no center, or if centers differ in length
 * Source: sklearn.datasets.make_blobs
 */
export function blobs(options: BlobsOptions = {}): Points {
  expectOptions("blobs", options, { ...syntheticKinds, centers: anything, features: anything });
  const { noise = 1, seed = 0, features = 2 } = options;
  const { centers = 3 } = options;
  const middles = typeof centers === "number" ? drawnCenters(centers, features, seed) : centers;
  const axes = typeof centers === "number" ? features : middles.at(0)?.length;
  if (axes === undefined || middles.some((middle) => middle.length !== axes)) {
    const got = `[${middles.map((middle) => middle.length).join(", ")}]`;
    throw new ArgumentError(
      "blobs",
      `got centers of the lengths ${got}; expected at least one, all of one length`,
    );
  }
  return points("blobs", { ...options, noise }, axes, (i) => {
    const label = i % middles.length;
    return { at: middles[label], label };
  });
}

function drawnCenters(count: number, features: number, seed: number): number[][] {
  for (const [name, value] of Object.entries({ centers: count, features })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ArgumentError("blobs", `got ${name} ${value}; expected a whole number of at least 1`);
  }
  expectFew("blobs", `${count} centers of ${features} coordinates`, count * features, 2 ** 25);
  // The centers have their own stream, so they do not depend on the number of points.
  const generator = new Generator(seed).split();
  const coordinate = () => 20 * generator.uniform() - 10;
  return Array.from({ length: count }, () => Array.from({ length: features }, coordinate));
}

type Point = readonly number[];

/** Point `index` of the `count` that a class has. */
type Curve = (label: number, index: number, count: number) => Point;

function pointsOfClasses(called: string, classes: number, options: SyntheticOptions, curve: Curve): Points {
  return points(called, options, 2, (i, _, samples) => {
    const label = i % classes;
    const count = Math.ceil((samples - label) / classes);
    return { at: curve(label, Math.floor(i / classes), count), label };
  });
}

/** Makes point `i` of `samples`, and its label. */
type LabelledPoint = (i: number, generator: Generator, samples: number) => { at: Point; label: number };

function points(
  called: string,
  options: SyntheticOptions,
  axes: number,
  labelledPoint: LabelledPoint,
): Points {
  const { samples = 200, noise = 0, seed = 0 } = options;
  expectFew(called, `${samples} samples of ${axes} coordinates`, samples * axes, 2 ** 25);
  const generator = new Generator(seed);
  const coordinates = new Float32Array(axes * samples);
  const labels = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const { at, label } = labelledPoint(i, generator, samples);
    coordinates.set(
      at.map((coordinate) => coordinate + noise * generator.normal()),
      axes * i,
    );
    labels[i] = label;
  }
  return arrays({ x: fromData(coordinates, [samples, axes]), y: labels });
}

function onCircle(radius: number, angle: number): [x: number, y: number] {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
