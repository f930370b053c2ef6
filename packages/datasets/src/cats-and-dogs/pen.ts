import type { Generator } from "@stargrad/tensor";

import type { Point, Stroke } from "../drawing.js";

/** Whether a shape hides what is drawn before it. */
export type Fill = Stroke["fill"];

/** Draws strokes of width 1 by a hand that trembles. */
export class Pen {
  readonly #generator: Generator;
  /** By how much each coordinate of a drawn point is off, at most. */
  readonly #tremor: number;

  constructor(generator: Generator, tremor: number) {
    this.#generator = generator;
    this.#tremor = tremor;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.#generator.uniform();
  }

  happens(probability: number): boolean {
    return this.#generator.uniform() < probability;
  }

  /** A smooth line through points. */
  line(...points: readonly Point[]): Stroke {
    return { points: smooth(this.#tremble(points), false), closed: false, fill: "none", width: 1 };
  }

  /** A smooth outline through points. */
  shape(fill: Fill, ...points: readonly Point[]): Stroke {
    return { points: smooth(this.#tremble(points), true), closed: true, fill, width: 1 };
  }

  /** An outline with corners. */
  polygon(fill: Fill, ...points: readonly Point[]): Stroke {
    return { points: this.#tremble(points), closed: true, fill, width: 1 };
  }

  ellipse(fill: Fill, [x, y]: Point, width: number, height = width): Stroke {
    const angles = Array.from({ length: 8 }, (_, i) => (Math.PI * i) / 4);
    return this.shape(
      fill,
      ...angles.map((angle): Point => [x + width * Math.cos(angle), y + height * Math.sin(angle)]),
    );
  }

  #tremble(points: readonly Point[]): Point[] {
    const off = () => this.between(-this.#tremor, this.#tremor);
    return points.map(([x, y]): Point => [x + off(), y + off()]);
  }
}

/** The parts of a smooth line between two of its points. */
const parts = 5;

/** A Catmull-Rom spline through points, as a sequence of short straight lines. */
function smooth(points: readonly Point[], closed: boolean): Point[] {
  const count = points.length;
  const at = (i: number): Point => points[closed ? (i + count) % count : Math.min(Math.max(i, 0), count - 1)];
  const curve = Array.from({ length: closed ? count : count - 1 }, (_, i) => {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    return Array.from({ length: parts }, (__, part): Point => {
      const t = part / parts;
      return [spline(t, before[0], from[0], to[0], after[0]), spline(t, before[1], from[1], to[1], after[1])];
    });
  }).flat();
  return closed ? curve : [...curve, at(count - 1)];
}

/** `from` at t = 0 and `to` at t = 1, with the slope of the two neighbours at both. */
function spline(t: number, before: number, from: number, to: number, after: number): number {
  const [slope, nextSlope] = [(to - before) / 2, (after - from) / 2];
  return (
    (2 * t ** 3 - 3 * t ** 2 + 1) * from +
    (t ** 3 - 2 * t ** 2 + t) * slope +
    (3 * t ** 2 - 2 * t ** 3) * to +
    (t ** 3 - t ** 2) * nextSlope
  );
}

export interface Move {
  readonly x?: number;
  readonly y?: number;
  readonly scale?: number;
  /** In radians, counter-clockwise. */
  readonly turn?: number;
  readonly mirrored?: boolean;
}

/** Mirrors strokes, scales, turns and then shifts them. Widths stay. */
export function move(strokes: readonly Stroke[], move: Move): Stroke[] {
  const { x = 0, y = 0, scale = 1, turn = 0, mirrored = false } = move;
  const [cosine, sine] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  const moved = ([px, py]: Point): Point => {
    const [across, up] = [mirrored ? -px : px, py];
    return [x + cosine * across - sine * up, y + sine * across + cosine * up];
  };
  return strokes.map((stroke) => ({ ...stroke, points: stroke.points.map(moved) }));
}
