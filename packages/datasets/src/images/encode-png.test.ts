import { inflateSync } from "node:zlib";

import { ArgumentError, ShapeError, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { decodeImage, encodePng } from "../index.js";

describe("encodePng", () => {
  it.each([
    ["colours", [3, 2, 5]],
    ["opacity", [4, 1, 3]],
    ["grey", [1, 3, 2]],
    ["grey without channels", [3, 2]],
  ])("writes what decodeImage reads: %s", async (_, shape) => {
    const size = shape.reduce((product, axis) => product * axis);
    const values = Float32Array.from({ length: size }, (_, i) => ((i * 37) % 256) / 255);
    const [height, width] = shape.slice(-2);
    const channels = shape.length === 2 ? 1 : shape[0];
    const png = await encodePng(tensor(values).reshape(shape));
    // Rows of the format: a filter, then the pixels. The filters differ, so only the size is compared here.
    const start = Buffer.from(png).indexOf("IDAT") + 4;
    expect(inflateSync(png.subarray(start)).length).toBe(height * (1 + width * channels));
    if (channels === 4) return;
    const decoded = await decodeImage(png, { channels: channels as 1 | 3 });
    expect(decoded.shape).toEqual([channels, height, width]);
    expect([...(await decoded.data())]).toEqual([...values]);
  });

  it("keeps int32, and clamps", async () => {
    const png = await encodePng(tensor([[-5, 0, 128, 255, 300]], { dtype: "int32" }));
    const decoded = await decodeImage(png, { channels: 1 });
    expect([...(await decoded.data())]).toEqual([0, 0, Math.fround(128 / 255), 1, 1]);
  });

  it("refuses other shapes, and NaN", async () => {
    for (const shape of [[2], [2, 3, 3], [1, 3, 0, 1], [3, 0, 2]]) {
      await expect(encodePng(zeros(shape))).rejects.toThrow(ShapeError);
    }
    await expect(encodePng(tensor([[NaN]]))).rejects.toThrow(ArgumentError);
  });
});
