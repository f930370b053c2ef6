import type { Surface, XY } from "./surface.js";

/** Numbers on a square grid, the rows from the top. */
export interface Heat {
  readonly values: Float32Array;
  /** How many there are in each direction. */
  readonly grid: number;
  /** The number that is drawn in full colour. */
  readonly largest: number;
}

export type Box = readonly [x: number, y: number, width: number, height: number];

type Color = readonly [red: number, green: number, blue: number];

/** How far the stripes are apart where numbers are below zero. */
const stripes = 7;

/** Draws numbers as colours: plus is plain blue, minus is striped orange, and zero is the ground. */
export function drawHeat(surface: Surface, box: Box, { values, grid, largest }: Heat, strength = 0.62): void {
  const { colors } = surface;
  const [ground, plus, minus] = [colors.surface, colors.plus, colors.minus].map(colorOf);
  surface.pixels(box, (image) => {
    const { data, width, height } = image;
    const columns = Array.from({ length: width }, (_, i) => placeOn(grid, (i + 0.5) / width));
    for (let row = 0, at = 0; row < height; row++) {
      const [top, down] = placeOn(grid, (row + 0.5) / height);
      const [upper, lower] = [top * grid, Math.min(top + 1, grid - 1) * grid];
      for (let column = 0; column < width; column++, at += 4) {
        const [left, across] = columns[column];
        const right = Math.min(left + 1, grid - 1);
        const above = values[upper + left] * (1 - across) + values[upper + right] * across;
        const below = values[lower + left] * (1 - across) + values[lower + right] * across;
        const part = largest === 0 ? 0 : (above * (1 - down) + below * down) / largest;
        const size = Math.min(1, Math.abs(part));
        const isStriped = part < -0.06 && (row + column) % stripes < 2;
        const amount = strength * size * (part < 0 && !isStriped ? 0.72 : 1) + (isStriped ? 0.2 : 0);
        const color = part < 0 ? minus : plus;
        for (let c = 0; c < 3; c++) data[at + c] = ground[c] + amount * (color[c] - ground[c]);
        data[at + 3] = 255;
      }
    }
  });
}

/** Where a place from 0 to 1 is on the grid: the number before it, and how far it is to the next one. */
function placeOn(grid: number, place: number): readonly [before: number, part: number] {
  const at = Math.max(0, Math.min(grid - 1, place * grid - 0.5));
  const before = Math.floor(at);
  return [before, at - before];
}

/** Where the numbers cross zero: short lines, in the coordinates of the box. */
export function zeroLines([x, y, width, height]: Box, { values, grid }: Heat): (readonly [XY, XY])[] {
  const lines: (readonly [XY, XY])[] = [];
  const at = (column: number, row: number): XY => [
    x + ((column + 0.5) * width) / grid,
    y + ((row + 0.5) * height) / grid,
  ];
  for (let row = 0; row + 1 < grid; row++) {
    for (let column = 0; column + 1 < grid; column++) {
      const corners = [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ] as const;
      const numbers = corners.map(([i, k]) => values[k * grid + i]);
      const crossings = corners.flatMap(([i, k], side): XY[] => {
        const next = (side + 1) % 4;
        const [a, b] = [numbers[side], numbers[next]];
        if (a < 0 === b < 0) return [];
        const part = a / (a - b);
        return [at(i + part * (corners[next][0] - i), k + part * (corners[next][1] - k))];
      });
      if (crossings.length >= 2) lines.push([crossings[0], crossings[1]]);
      if (crossings.length === 4) lines.push([crossings[2], crossings[3]]);
    }
  }
  return lines;
}

/** The parts of a colour such as `#1a5bbb`, or `#fff` for short. */
function colorOf(hex: string): Color {
  const digits = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  const value = Number.parseInt(digits.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
