import { describe, expect, it } from "vitest";

import { rasterize, type Stroke } from "./index.js";

const line: Stroke = {
  points: [
    [-2, 0],
    [2, 0],
  ],
  closed: false,
  fill: "none",
  width: 0.5,
};
const square: Stroke = {
  points: [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ],
  closed: true,
  fill: "ink",
  width: 0,
};

/** The ink of each pixel. */
function inkOf(strokes: readonly Stroke[], size: number): number[] {
  return [...rasterize(strokes, { size }).dataSync()];
}

describe("rasterize", () => {
  it("covers rows from top to bottom: a line through the middle, one pixel wide", () => {
    const upper: Stroke = {
      ...line,
      points: [
        [-2, 0.25],
        [2, 0.25],
      ],
    };
    expect(rasterize([upper], { size: 4 }).shape).toEqual([4, 4]);
    expect(inkOf([upper], 4)).toEqual([0, 1, 0, 0].flatMap((ink) => [ink, ink, ink, ink]));
  });

  it("divides what lies on the border of two pixels between them", () => {
    // A quarter of each, rounded to a multiple of 1/255.
    expect(inkOf([line], 2)).toEqual(new Array<number>(4).fill(Math.fround(64 / 255)));
  });

  it("has 32 rows, unless told, and may have one", () => {
    expect(rasterize([line]).shape).toEqual([32, 32]);
    expect(inkOf([{ ...line, width: 2 }], 1)).toEqual([1]);
    expect(inkOf([], 1)).toEqual([0]);
  });

  it("draws a single point as a dot", () => {
    const dot: Stroke = { ...line, points: [[0, 0]], width: 1 };
    const sum = (strokes: Stroke[]) => inkOf(strokes, 20).reduce((total, ink) => total + ink, 0);
    expect(sum([dot])).toBeCloseTo((Math.PI * 10 ** 2) / 4, 0);
    expect(sum([{ ...line, points: [] }])).toBe(0);
  });

  it("lets paper hide what was drawn before, and nothing that is drawn later", () => {
    const paper: Stroke = { ...square, fill: "paper" };
    const middle = (...strokes: Stroke[]) => inkOf(strokes, 8)[3 * 8 + 3];
    expect(middle(square)).toBe(1);
    expect(middle(square, paper)).toBe(0);
    expect(middle(paper, square)).toBe(1);
    expect(middle({ ...square, fill: "none" })).toBe(0);
  });

  it("leaves out what is outside of the picture, however far", () => {
    const away = { ...square, points: square.points.map(([x, y]) => [x + 1e9, y - 1e9] as const) };
    expect(new Set(inkOf([away, { ...away, fill: "paper", width: 0.1 }], 8))).toEqual(new Set([0]));
  });

  it("refuses a size that is none", () => {
    expect(() => rasterize([line], { size: 0 })).toThrow(
      "rasterize: got size 0; expected a whole number of at least 1",
    );
  });
});
