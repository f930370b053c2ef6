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
  const shades = shadesOf(surface, strength);
  const scale = largest === 0 ? 0 : zero / largest;
  surface.pixels(box, (image) => {
    const { width, height } = image;
    const pixels = new Uint32Array(image.data.buffer);
    const across = placesOn(grid, width);
    const down = placesOn(grid, height);
    for (let row = 0, at = 0; row < height; row++) {
      const [upper, lower] = [down.before[row] * grid, down.after[row] * grid];
      const part = down.part[row];
      for (let column = 0; column < width; column++, at++) {
        const left = across.before[column];
        const right = across.after[column];
        const far = across.part[column];
        const above = values[upper + left] * (1 - far) + values[upper + right] * far;
        const below = values[lower + left] * (1 - far) + values[lower + right] * far;
        const shade = Math.round((above * (1 - part) + below * part) * scale);
        const isStripe = (row + column) % stripes < 2;
        pixels[at] = (isStripe ? shades.striped : shades.plain)[
          zero + Math.max(-zero, Math.min(zero, shade))
        ];
      }
    }
  });
}

/** How many shades there are on each side of zero. */
const zero = 127;

/** Colours as pixels, from the deepest minus to the deepest plus: on stripes, and between them. */
interface Shades {
  readonly plain: Uint32Array;
  readonly striped: Uint32Array;
}

/** The shades that were made, by their colours and strength. There are few: two themes, and some strengths. */
const made = new Map<string, Shades>();

function shadesOf({ colors }: Surface, strength: number): Shades {
  const key = `${colors.surface} ${colors.plus} ${colors.minus} ${strength}`;
  let shades = made.get(key);
  if (shades === undefined) {
    const parts = [colors.surface, colors.plus, colors.minus].map(colorOf);
    shades = { plain: shadesIn(parts, strength, false), striped: shadesIn(parts, strength, true) };
    made.set(key, shades);
  }
  return shades;
}

function shadesIn([ground, plus, minus]: readonly Color[], strength: number, isStripe: boolean): Uint32Array {
  const bytes = new Uint8ClampedArray(4 * (2 * zero + 1));
  for (let shade = 0; shade <= 2 * zero; shade++) {
    const part = (shade - zero) / zero;
    const isStriped = isStripe && part < -0.06;
    const amount = strength * Math.abs(part) * (part < 0 && !isStriped ? 0.72 : 1) + (isStriped ? 0.2 : 0);
    const color = part < 0 ? minus : plus;
    for (let i = 0; i < 3; i++) bytes[4 * shade + i] = ground[i] + amount * (color[i] - ground[i]);
    bytes[4 * shade + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/** For each of so many pixels, the numbers of the grid beside it, and how far it is from the first to the second. */
function placesOn(grid: number, pixels: number) {
  const before = new Int32Array(pixels);
  const after = new Int32Array(pixels);
  const part = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const at = Math.max(0, Math.min(grid - 1, ((i + 0.5) / pixels) * grid - 0.5));
    before[i] = Math.floor(at);
    after[i] = Math.min(before[i] + 1, grid - 1);
    part[i] = at - before[i];
  }
  return { before, after, part };
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
