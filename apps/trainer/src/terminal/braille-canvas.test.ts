import { describe, expect, it } from "vitest";

import { BrailleCanvas } from "./braille-canvas.js";

function textOf(canvas: BrailleCanvas): string[] {
  return canvas.lines().map((runs) => runs.map(({ text }) => text).join(""));
}

describe("BrailleCanvas", () => {
  it("draws a diagonal dot by dot", () => {
    const canvas = new BrailleCanvas({ columns: 2, rows: 1, extent: 1 });
    canvas.polyline(
      [
        [-1, 1],
        [1, -1],
      ],
      1,
    );
    expect(textOf(canvas)).toEqual(["⠑⢄"]);
  });

  it("draws y upwards", () => {
    const canvas = new BrailleCanvas({ columns: 4, rows: 2, extent: 1 });
    canvas.polyline(
      [
        [-1, 0.9],
        [1, 0.9],
      ],
      1,
    );
    expect(textOf(canvas)).toEqual(["⠉⠉⠉⠉", "    "]);
  });

  it("sets every third dot of a dotted line", () => {
    const canvas = new BrailleCanvas({ columns: 6, rows: 1, extent: 2 });
    canvas.polyline(
      [
        [-6, 0],
        [6, 0],
      ],
      1,
      3,
    );
    expect(textOf(canvas)).toEqual(["⠄⠠ ⠄⠠ "]);
  });

  it("gives a character the highest layer that is drawn in it", () => {
    const canvas = new BrailleCanvas({ columns: 6, rows: 1, extent: 2 });
    const [left, middle, right] = [
      [-6, 0],
      [0, 0],
      [6, 0],
    ] as const;
    canvas.polyline([middle, right], 2);
    canvas.polyline([left, right], 1);
    expect(canvas.lines()[0]).toEqual([
      { layer: 1, text: "⠤⠤⠤" },
      { layer: 2, text: "⠤⠤⠤" },
    ]);
  });

  it("writes labels on empty characters inside the canvas only", () => {
    const canvas = new BrailleCanvas({ columns: 6, rows: 3, extent: 1 });
    canvas.label("10", [0, 0], 1);
    canvas.label("7", [5, 0], 1);
    expect(textOf(canvas)).toEqual(["      ", "  10  ", "      "]);
  });

  it("draws nothing outside the canvas, and does not hang on endless lines", () => {
    const canvas = new BrailleCanvas({ columns: 3, rows: 2, extent: 1 });
    canvas.polyline(
      [
        [0, 0],
        [0, 40],
        [1e30, NaN],
        [Infinity, 0],
      ],
      2,
    );
    expect(textOf(canvas).every((line) => line.length === 3)).toBe(true);
    expect(textOf(canvas).join("")).toMatch(/[^ ]/);
  });
});
