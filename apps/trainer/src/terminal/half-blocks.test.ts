import { describe, expect, it } from "vitest";

import { halfBlocks } from "./half-blocks.js";

describe("halfBlocks", () => {
  const picture = [
    ...[true, true, false, false],
    ...[true, false, true, false],
    ...[false, true, false, true],
    ...[true, true, false, false],
  ];

  it("puts two rows of pixels into a line", () => {
    expect(halfBlocks(picture, 4)).toEqual(["█▀▄ ", "▄█ ▀"]);
  });

  it("leaves the lower half of the last line empty for an odd number of rows", () => {
    expect(halfBlocks([true, false, true], 3)).toEqual(["▀ ▀"]);
  });

  it("colours characters by their pixels, except empty ones", () => {
    expect(halfBlocks(picture, 4, (text, [upper, lower]) => `${text}${upper}/${lower};`)).toEqual([
      "█0/4;▀1/5;▄2/6; ",
      "▄8/12;█9/13; ▀11/15;",
    ]);
  });
});
