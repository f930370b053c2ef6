import { describe, expect, it } from "vitest";

import {
  starCorners,
  starPixels,
  starSize,
  starStrokes,
  strokeCorners,
  wobblyStart,
  type Strokes,
} from "./index.js";

type Point = [x: number, y: number];
const pointsOf = (corners: { toArraySync(): unknown }) => corners.toArraySync() as Point[];
const seeds = Array.from({ length: 30 }, (_, i) => i + 1);

describe("starCorners", () => {
  const corners = pointsOf(starCorners());

  it("are ten, centred, with tips on a circle as wide as the star's size", () => {
    expect(corners).toHaveLength(10);
    for (const axis of [0, 1] as const) {
      expect(corners.reduce((sum, corner) => sum + corner[axis], 0)).toBeCloseTo(0, 5);
    }
    const tips = corners.filter((_, i) => i % 2 === 1);
    for (const [x, y] of tips) expect(Math.hypot(x, y)).toBeCloseTo(starSize / 2, 6);
    expect(corners[9][0]).toBeCloseTo(0, 6);
    expect(corners[9][1]).toBeCloseTo(1, 6);
  });

  it("are the pentagram's: each edge lies on the line between two tips", () => {
    for (let tip = 1; tip < 10; tip += 2) {
      const [from, to] = [corners[tip], corners[(tip + 4) % 10]];
      for (const inner of [corners[(tip + 1) % 10], corners[(tip + 3) % 10]]) {
        const cross = (to[0] - from[0]) * (inner[1] - from[1]) - (to[1] - from[1]) * (inner[0] - from[0]);
        expect(cross).toBeCloseTo(0, 5);
      }
    }
  });

  it("may have other numbers of points; impossible stars are rejected", () => {
    expect(starCorners({ points: 7, innerRadius: 0.5 }).shape).toEqual([14, 2]);
    expect(() => starCorners({ points: 1 })).toThrow("starCorners: got points 1");
    expect(() => starStrokes({ innerRadius: 0 })).toThrow("starStrokes: got innerRadius 0");
    expect(() => wobblyStart({ seed: 1, points: 2.5 })).toThrow("wobblyStart: got points 2.5");
  });
});

describe("starStrokes", () => {
  it("draw the corners, and return to the start", () => {
    const strokes = starStrokes();
    const drawn = pointsOf(strokeCorners(strokes));
    pointsOf(starCorners()).forEach((corner, i) => {
      expect(drawn[i][0]).toBeCloseTo(corner[0], 5);
      expect(drawn[i][1]).toBeCloseTo(corner[1], 5);
    });
    const [x, y] = strokes.start.toArraySync() as Point;
    expect(Math.hypot(drawn[9][0] - x, drawn[9][1] - y)).toBeLessThan(1e-5);
  });
});

describe("wobblyStart", () => {
  const plain = ({ start, directions, lengths }: Strokes) => ({
    start: [...start.dataSync()] as Point,
    directions: [...directions.dataSync()],
    lengths: [...lengths.dataSync()],
  });
  const goal = pointsOf(starCorners());

  it("depends on its seed, starts at the star's tip and is far from the star", () => {
    expect(plain(wobblyStart({ seed: 1 }))).toEqual(plain(wobblyStart({ seed: 1 })));
    expect(plain(wobblyStart({ seed: 1 }))).not.toEqual(plain(wobblyStart({ seed: 2 })));
    for (const seed of seeds) {
      const strokes = wobblyStart({ seed });
      expect(strokes.start.toArraySync()).toEqual(starStrokes().start.toArraySync());
      expect(worstMiss(pointsOf(strokeCorners(strokes)))).toBeGreaterThan(0.1);
    }
  });

  /** The largest distance of a corner from its goal, as a fraction of the star's size. */
  const worstMiss = (drawn: Point[]) =>
    Math.max(...drawn.map(([x, y], i) => Math.hypot(x - goal[i][0], y - goal[i][1]))) / starSize;

  /** Gradient descent by hand on the mean squared distance of the corners; returns the tries until all are within 2 %. */
  function triesToLearn(strokes: Strokes): number {
    const { start, directions, lengths } = plain(strokes);
    const velocity = directions.map(() => ({ direction: 0, length: 0 }));
    for (let tries = 0; tries < 1000; tries++) {
      let pen = start;
      const drawn = directions.map((direction, i): Point => {
        pen = [pen[0] + lengths[i] * Math.cos(direction), pen[1] + lengths[i] * Math.sin(direction)];
        return pen;
      });
      if (worstMiss(drawn) <= 0.02) return tries;
      // A stroke moves all corners after it, so its gradient sums theirs, from the last corner to the first.
      let [blameX, blameY] = [0, 0];
      for (let i = directions.length - 1; i >= 0; i--) {
        blameX += (2 / goal.length) * (drawn[i][0] - goal[i][0]);
        blameY += (2 / goal.length) * (drawn[i][1] - goal[i][1]);
        const [cos, sin] = [Math.cos(directions[i]), Math.sin(directions[i])];
        velocity[i].direction = 0.9 * velocity[i].direction + lengths[i] * (cos * blameY - sin * blameX);
        velocity[i].length = 0.9 * velocity[i].length + (cos * blameX + sin * blameY);
        directions[i] -= 0.2 * velocity[i].direction;
        lengths[i] -= 0.2 * velocity[i].length;
      }
    }
    return Infinity;
  }

  it("is learned from every seed at learning rate 0.2 and momentum 0.9", () => {
    const tries = seeds.map((seed) => triesToLearn(wobblyStart({ seed }))).sort((a, b) => a - b);
    expect(tries[29]).toBeLessThan(200);
    expect(tries[15]).toBeGreaterThan(40);
    expect(tries[15]).toBeLessThan(80);
  });
});

describe("starPixels", () => {
  const { x, y } = starPixels().all();
  const ink = (row: number, column: number) => y.dataSync()[row * 28 + column];

  it("are one input and one target for each pixel, row by row from the upper left", () => {
    expect([x.shape, y.shape, y.dtype]).toEqual([[784, 2], [784, 1], "float32"]);
    const centres = pointsOf(x);
    expect(centres[0][0]).toBeCloseTo(-27 / 28, 6);
    expect(centres[0][1]).toBeCloseTo(27 / 28, 6);
    expect(centres[1][0]).toBeCloseTo(-25 / 28, 6);
    expect(centres[28][1]).toBeCloseTo(25 / 28, 6);
  });

  it("are filled in the middle, empty at the corners, and symmetric", () => {
    expect(ink(14, 14)).toBe(1);
    for (const row of [0, 27]) expect(ink(row, 0)).toBe(0);
    for (let row = 0; row < 28; row++) {
      for (let column = 0; column < 14; column++) expect(ink(row, column)).toBe(ink(row, 27 - column));
    }
  });

  it("cover the star's area", () => {
    const corners = pointsOf(starCorners());
    const area = corners.reduce((sum, [ax, ay], i) => {
      const [bx, by] = corners[(i + 1) % 10];
      return sum + (ax * by - bx * ay) / 2;
    }, 0);
    const { y: fine } = starPixels({ size: 100 }).all();
    expect(fine.mean().itemSync()).toBeCloseTo(area / 4, 2);
  });

  it("reject a size below 1", () => {
    expect(() => starPixels({ size: 0 })).toThrow("starPixels: got size 0");
  });
});
