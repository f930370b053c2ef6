import { rasterize, type Point, type Stroke } from "@stargrad/datasets";
import { Generator } from "@stargrad/tensor";

import { thousands } from "../words/numbers.js";
import type { Data } from "./data.js";

// Digits that are drawn here, so that there is something to train on without a file. Each is a few lines through points, moved at random.

/** The lines of each digit. Points are [x, y] in [−1, 1]², y up. */
const shapes: readonly (readonly (readonly Point[])[])[] = [
  [round(0, 0, 0.5, 0.8, 90, 450)],
  [[[-0.3, 0.4], [0.05, 0.8], [0.05, -0.8]]],
  [[...round(0, 0.35, 0.48, 0.45, 160, -40), [-0.5, -0.8], [0.55, -0.8]]],
  [[...round(0, 0.4, 0.45, 0.4, 140, -90), ...round(0, -0.4, 0.5, 0.42, 90, -140)]],
  [[[0.25, -0.8], [0.25, 0.8], [-0.5, -0.2], [0.6, -0.2]]],
  [[[0.5, 0.8], [-0.4, 0.8], [-0.45, 0.1], ...round(-0.02, -0.3, 0.5, 0.48, 110, -140)]],
  [[[0.35, 0.8], [-0.25, 0.35], ...round(0, -0.35, 0.45, 0.45, 170, -190)]],
  [[[-0.5, 0.8], [0.5, 0.8], [-0.1, -0.8]]],
  [round(0, 0.4, 0.38, 0.38, 270, -90), round(0, -0.4, 0.46, 0.42, 90, 450)],
  [[...round(-0.02, 0.35, 0.42, 0.42, 10, 370), [0.4, 0.3], [0.25, -0.8]]],
]; // prettier-ignore

/** Points on an arc of an ellipse, from one angle to another in degrees. */
function round(x: number, y: number, width: number, height: number, from: number, to: number): Point[] {
  const steps = Math.ceil(Math.abs(to - from) / 30);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = (Math.PI / 180) * (from + ((to - from) * i) / steps);
    return [x + width * Math.cos(angle), y + height * Math.sin(angle)];
  });
}

export function drawnDigits({ samples, seed }: { readonly samples: number; readonly seed: number }): Data {
  const size = 28;
  const random = new Generator(seed);
  const values = new Uint8Array(samples * size * size);
  const labels = Int32Array.from({ length: samples }, (_, i) => i % shapes.length);
  for (const [i, digit] of labels.entries()) {
    const pixels = rasterize(strokesOf(shapes[digit], random), { size }).dataSync();
    values.set(
      pixels.map((ink) => Math.round(255 * ink)),
      i * size * size,
    );
  }
  const classes = shapes.map((_, digit) => String(digit));
  const name = `${thousands(samples)} digits, drawn in this page`;
  return { name, what: "picture", shape: [1, size, size], features: [], values, labels, classes, heldOutFrom: null, notes: [] }; // prettier-ignore
}

/** The lines with another slant, size, place and pen, and each point moved a little. */
function strokesOf(lines: readonly (readonly Point[])[], random: Generator): Stroke[] {
  const about = (middle: number, spread: number): number => middle + spread * random.normal();
  const [turn, slant] = [about(0, 0.14), about(0.08, 0.16)];
  const [wide, high] = [about(0.72, 0.09), about(0.8, 0.07)];
  const [right, up] = [about(0, 0.07), about(0, 0.06)];
  const width = Math.max(0.1, about(0.2, 0.045));
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return lines.map((points) => ({
    closed: false,
    fill: "none" as const,
    width,
    points: points.map(([x, y]): Point => {
      const [a, b] = [wide * (x + slant * y) + about(0, 0.035), high * y + about(0, 0.035)];
      return [right + cos * a - sin * b, up + sin * a + cos * b];
    }),
  }));
}
