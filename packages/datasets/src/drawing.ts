import { fromData, type Tensor } from "@stargrad/tensor";
import { count, expectOptions, expectValues, type Kind } from "@stargrad/tensor/internal";

/** Coordinates in the square [−1, 1]², in which y points up. Parts of a drawing may lie outside of the square. */
export type Point = readonly [x: number, y: number];

/** One line of a drawing. */
export interface Stroke {
  readonly points: readonly Point[];
  /** Whether a line leads from the last point back to the first. */
  readonly closed: boolean;
  /** What fills a closed stroke: ink, paper that hides the strokes before it, or nothing. */
  readonly fill: "ink" | "paper" | "none";
  /** The width of the line. */
  readonly width: number;
}

/**
 * Converts strokes to a picture. They are drawn in their order, with round ends. Each covers a part of a pixel,
 * `clamp(½ + width/2 − distance, 0, 1)`, where the distance is that of the pixel's centre from the line, and both are in pixels. The
 * inside of a filled shape covers `clamp(½ + distance, 0, 1)`; outside of it, the distance is negative. Ink covers what is there,
 * `v + (1 − v)·covered`, and paper erases it, `v·(1 − covered)`. Values are rounded to multiples of 1/255.
 *
 * Shapes: [size, size] float32, rows from top to bottom
 * Units: 0 for paper, 1 for ink
 * Defaults: size 32
 * Throws: ArgumentError for a size that is not a whole number of at least 1
 */
export function rasterize(strokes: readonly Stroke[], options: { readonly size?: number } = {}): Tensor {
  expectValues("rasterize", { strokes }, strokesKind);
  expectOptions("rasterize", options, { size: count });
  const { size = 32 } = options;
  return fromData(inkOf(strokes, size), [size, size]);
}

const strokesKind: Kind = [
  "a list of strokes, as catOrDog returns it",
  (value) =>
    Array.isArray(value) &&
    value.every((stroke: Partial<Stroke> | null | undefined) => Array.isArray(stroke?.points)),
];

/** The elements of {@link rasterize}. */
export function inkOf(strokes: readonly Stroke[], size: number): Float32Array {
  const ink = new Float64Array(size * size);
  const squares = new Float64Array(size * size);
  for (const stroke of strokes) draw(stroke, { size, ink, squares });
  return new Float32Array(ink.map((value) => Math.round(255 * value) / 255));
}

interface Picture {
  readonly size: number;
  readonly ink: Float64Array;
  /** The square of each pixel's distance from the current line, in pixels; infinite if it is too far to be covered. */
  readonly squares: Float64Array;
}

function draw({ points, closed, fill, width }: Stroke, picture: Picture): void {
  const { size, ink, squares } = picture;
  // In pixels, from the upper left corner.
  const places = points.map(([x, y]): Point => [((1 + x) / 2) * size, ((1 - y) / 2) * size]);
  const half = (width / 4) * size;
  const reach = half + 0.5;
  const [left, right] = range(places, 0, reach, size);
  const [top, bottom] = range(places, 1, reach, size);
  for (let row = top; row <= bottom; row++) squares.fill(Infinity, row * size + left, row * size + right + 1);
  for (const [i, to] of places.entries()) {
    // Without the line that closes it, unless the stroke is a single point.
    if (i > 0 || closed || places.length === 1) {
      measure(places[(i + places.length - 1) % places.length], to, reach, picture);
    }
  }
  const isFilled = closed && fill !== "none";
  for (let row = top; row <= bottom; row++) {
    const crossings = isFilled ? crossingsOf(places, row + 0.5) : [];
    let passed = 0;
    for (let column = left; column <= right; column++) {
      const pixel = row * size + column;
      const distance = Math.sqrt(squares[pixel]);
      while (passed < crossings.length && crossings[passed] < column + 0.5) passed++;
      if (isFilled) {
        const covered = clamp(0.5 + (passed % 2 === 1 ? distance : -distance));
        ink[pixel] = fill === "ink" ? ink[pixel] + (1 - ink[pixel]) * covered : ink[pixel] * (1 - covered);
      }
      ink[pixel] += (1 - ink[pixel]) * clamp(0.5 + half - distance);
    }
  }
}

/** Notes the distances of the pixels from one straight line, if they are at most `reach`. */
function measure(from: Point, to: Point, reach: number, { size, squares }: Picture): void {
  const [along, down] = [to[0] - from[0], to[1] - from[1]];
  const length = along * along + down * down;
  const [left, right] = range([from, to], 0, reach, size);
  const [top, bottom] = range([from, to], 1, reach, size);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - from[0];
      const y = row + 0.5 - from[1];
      const part = length === 0 ? 0 : clamp((x * along + y * down) / length);
      const square = (x - part * along) ** 2 + (y - part * down) ** 2;
      if (square < squares[row * size + column]) squares[row * size + column] = square;
    }
  }
}

/** The first and the last column (axis 0) or row (axis 1) whose pixels may be at most `reach` away from points. */
function range(
  places: readonly Point[],
  axis: 0 | 1,
  reach: number,
  size: number,
): [first: number, last: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const place of places) {
    least = Math.min(least, place[axis]);
    most = Math.max(most, place[axis]);
  }
  return [Math.max(0, Math.floor(least - reach)), Math.min(size - 1, Math.ceil(most + reach))];
}

/** Where the outline of a shape crosses a row, from left to right. */
function crossingsOf(places: readonly Point[], row: number): number[] {
  const crossings: number[] = [];
  let [x1, y1] = places[places.length - 1];
  for (const [x2, y2] of places) {
    if (y1 > row !== y2 > row) crossings.push(x1 + ((x2 - x1) * (row - y1)) / (y2 - y1));
    [x1, y1] = [x2, y2];
  }
  return crossings.sort((a, b) => a - b);
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
