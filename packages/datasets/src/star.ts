import { fromData, Generator, stack, type Tensor } from "@stargrad/tensor";
import { anything, count, expectOptions, type OptionKinds, wholeFrom } from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "./arrays.js";

/** The diameter of the circle around every star: corners lie in [−1, 1]², y points up. "2 % of its size" is 0.04. */
export const starSize = 2;

export interface StarOptions {
  /** How many tips the star has. Default: 5. */
  readonly points?: number;
  /** The distance of the inner corners from the centre; tips have distance 1. Default: (3 − √5) / 2, the pentagram's. */
  readonly innerRadius?: number;
}

const starKinds: OptionKinds<StarOptions> = {
  points: /* @__PURE__ */ wholeFrom(2),
  innerRadius: ["more than 0 and at most 1", (value) => typeof value === "number" && value > 0 && value <= 1],
};

/** A drawing: a sequence of strokes that begins at `start`. Each stroke has its own direction and length. */
export interface Strokes {
  /** [2] */
  readonly start: Tensor;
  /** [strokes], radians, counter-clockwise from the positive x axis. Absolute: turning a stroke does not turn later ones. */
  readonly directions: Tensor;
  /** [strokes], in the units of {@link starSize} */
  readonly lengths: Tensor;
}

/**
 * The goal of the star lesson: the point where each stroke of the star ends. The pen starts at the upper tip, moves
 * counter-clockwise, and returns to the tip.
 *
 * Shapes: [2·points, 2]; ten corners for the five-pointed star
 * Units: see {@link starSize}
 * Throws: ArgumentError for fewer than 2 points or an inner radius outside 0 … 1
 */
export function starCorners(options?: StarOptions): Tensor {
  const corners = cornersOf("starCorners", options);
  return fromData(Float32Array.from(corners.flat()), [corners.length, 2]);
}

/**
 * The strokes that draw the star exactly: ten directions and ten lengths.
 *
 * Shapes: start [2]; directions, lengths [2·points]
 * Throws: as {@link starCorners}
 */
export function starStrokes(options?: StarOptions): Strokes {
  const { start, directions, lengths } = strokesOf("starStrokes", options);
  return asTensors(start, directions, lengths);
}

/**
 * A beginner's attempt at the star: each direction is off by 0.5 · n radians, each length by a factor 1 + 0.2 · n, with
 * n drawn from the normal distribution. Gradient descent on the mean squared distance of the corners (learning rate
 * 0.2, momentum 0.9) brings every corner within 2 % in about 60 tries.
 *
 * Shapes: start [2]; directions, lengths [2·points]
 * Throws: as {@link starCorners}
 */
export function wobblyStart(settings: StarOptions & { readonly seed: number }): Strokes {
  expectOptions("wobblyStart", settings, { ...starKinds, seed: anything }, ["seed"]);
  const { seed, ...options } = settings;
  const generator = new Generator(seed);
  const { start, directions, lengths } = strokesOf("wobblyStart", options);
  return asTensors(
    start,
    directions.map((direction) => direction + 0.5 * generator.normal()),
    lengths.map((length) => length * (1 + 0.2 * generator.normal())),
  );
}

/**
 * Computes the corners of a drawing: corner k is `start + Σ_{j ≤ k} length_j · (cos direction_j, sin direction_j)`. A
 * stroke therefore moves all corners after it. Differentiable in start, directions and lengths.
 *
 * Shapes: start [2]; directions, lengths [n] -> [n, 2]
 */
export function strokeCorners({ start, directions, lengths }: Strokes): Tensor {
  const steps = stack([lengths.mul(directions.cos()), lengths.mul(directions.sin())], { axis: 1 }); // [n, 2]
  return start.add(steps.cumsum({ axis: 0 }));
}

/**
 * The star as a picture, one item for each pixel: the coordinates of its centre, and whether it has ink. Pixels are
 * listed row by row from the upper left.
 *
 * Shapes: x [size², 2] float32, y [size², 1] float32
 * Units: x see {@link starSize}; y 1 for ink, 0 for paper
 * Defaults: size 28
 * Throws: as {@link starCorners}; ArgumentError for a size below 1
 */
export function starPixels(
  settings: StarOptions & { readonly size?: number } = {},
): TensorDataset<"x" | "y"> {
  expectOptions("starPixels", settings, { ...starKinds, size: count });
  const { size = 28, ...options } = settings;
  const corners = cornersOf("starPixels", options);
  const centres = new Float32Array(2 * size * size);
  const ink = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const pixel = row * size + column;
      const centre: Point = [(2 * column + 1) / size - 1, 1 - (2 * row + 1) / size];
      centres.set(centre, 2 * pixel);
      ink[pixel] = isInside(corners, centre) ? 1 : 0;
    }
  }
  return arrays({ x: fromData(centres, [size * size, 2]), y: fromData(ink, [size * size, 1]) });
}

type Point = readonly [x: number, y: number];

/** The corners in drawing order: the first is the inner corner left of the upper tip, the last is the upper tip. */
function cornersOf(called: string, options: StarOptions = {}): Point[] {
  expectOptions(called, options, starKinds);
  const { points = 5, innerRadius = (3 - Math.sqrt(5)) / 2 } = options;
  return Array.from({ length: 2 * points }, (_, i) => {
    const radius = i % 2 === 0 ? innerRadius : 1;
    const angle = Math.PI / 2 + ((i + 1) * Math.PI) / points;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function strokesOf(
  called: string,
  options: StarOptions | undefined,
): { start: Point; directions: number[]; lengths: number[] } {
  const corners = cornersOf(called, options);
  const start = corners[corners.length - 1];
  const strokes = corners.map(([x, y], i) => {
    const [fromX, fromY] = i === 0 ? start : corners[i - 1];
    return [x - fromX, y - fromY] as const;
  });
  return {
    start,
    directions: strokes.map(([x, y]) => Math.atan2(y, x)),
    lengths: strokes.map(([x, y]) => Math.hypot(x, y)),
  };
}

function asTensors(start: Point, directions: readonly number[], lengths: readonly number[]): Strokes {
  const vector = (values: readonly number[]) => fromData(Float32Array.from(values), [values.length]);
  return { start: vector(start), directions: vector(directions), lengths: vector(lengths) };
}

/** A point is inside if a ray from it to the right crosses the outline an odd number of times. */
function isInside(corners: readonly Point[], [x, y]: Point): boolean {
  const crossings = corners.filter(([x2, y2], i) => {
    const [x1, y1] = i === 0 ? corners[corners.length - 1] : corners[i - 1];
    return y1 > y !== y2 > y && x < x1 + ((x2 - x1) * (y - y1)) / (y2 - y1);
  });
  return crossings.length % 2 === 1;
}
