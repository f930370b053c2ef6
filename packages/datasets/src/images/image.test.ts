import { crc32, deflateSync } from "node:zlib";

import { FormatError } from "@stargrad/io";
import { ArgumentError, tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { afterEach, describe, expect, it, vi } from "vitest";

import { decodeImage, readImage, resize } from "../index.js";

/** A picture whose left half is red and whose right half is blue, and whose upper left corner is white. */
function picture(width: number, height: number): Uint8Array {
  const data = new Uint8Array(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    const isCorner = column < width / 4 && row < height / 4;
    data.set(
      isCorner ? [255, 255, 255, 255] : column < width / 2 ? [255, 0, 0, 255] : [0, 0, 255, 255],
      4 * pixel,
    );
  }
  return data;
}

const pngOf = (width: number, height: number) =>
  encodePng({ width, height, data: picture(width, height), channels: 4 });
const jpegOf = (width: number, height: number) =>
  Uint8Array.from(jpeg.encode({ width, height, data: picture(width, height) }, 95).data);

/** A JPEG with a segment of EXIF that gives its orientation. */
function turnedJpeg(orientation: number, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(36));
  view.setUint32(0, 0xffe10022);
  [0x45, 0x78, 0x69, 0x66, 0, 0].forEach((byte, i) => {
    view.setUint8(4 + i, byte);
  });
  view.setUint16(10, isLittle ? 0x4949 : 0x4d4d);
  view.setUint16(12, 42, isLittle);
  view.setUint32(14, 8, isLittle);
  view.setUint16(18, 1, isLittle);
  view.setUint16(20, 0x0112, isLittle);
  view.setUint16(22, 3, isLittle);
  view.setUint32(24, 1, isLittle);
  view.setUint16(28, orientation, isLittle);
  const plain = jpegOf(16, 8);
  return Uint8Array.of(...plain.subarray(0, 2), ...new Uint8Array(view.buffer), ...plain.subarray(2));
}

/** A part of a PNG. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Uint8Array.of(...Buffer.from(type), ...data);
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, data.length);
  view.setUint32(4, crc32(body));
  const bytes = new Uint8Array(view.buffer);
  return Uint8Array.of(...bytes.subarray(0, 4), ...body, ...bytes.subarray(4));
}

describe("decodeImage", () => {
  it("decodes a JPEG", async () => {
    const image = await decodeImage(jpegOf(16, 8));
    expect([image.shape, image.dtype]).toEqual([[3, 8, 16], "float32"]);
    const values = image.dataSync();
    const at = (channel: number, row: number, column: number) => values[(channel * 8 + row) * 16 + column];
    for (const [row, column, colour] of [
      [0, 0, [1, 1, 1]],
      [6, 2, [1, 0, 0]],
      [6, 13, [0, 0, 1]],
    ] as const) {
      for (const channel of [0, 1, 2]) expect(at(channel, row, column)).toBeCloseTo(colour[channel], 0);
    }
  });

  it.each([
    [1, "upper left"],
    [2, "upper right"],
    [3, "lower right"],
    [4, "lower left"],
    [5, "upper left"],
    [6, "upper right"],
    [7, "lower right"],
    [8, "lower left"],
  ])("turns a JPEG as EXIF says: with %i, the white corner is at the %s", async (orientation, corner) => {
    for (const isLittle of [true, false]) {
      const image = await decodeImage(turnedJpeg(orientation, isLittle));
      const [, height, width] = image.shape;
      expect([height, width]).toEqual(orientation > 4 ? [16, 8] : [8, 16]);
      const green = image.dataSync().subarray(height * width, 2 * height * width);
      const at = (isRight: boolean, isLow: boolean) =>
        green[(isLow ? height - 1 : 0) * width + (isRight ? width - 1 : 0)];
      const corners = {
        "upper left": at(false, false),
        "upper right": at(true, false),
        "lower left": at(false, true),
        "lower right": at(true, true),
      };
      const [brightest] = Object.entries(corners).sort(([, a], [, b]) => b - a)[0];
      expect(brightest).toBe(corner);
    }
  });

  it("cuts off two sides with `cover`, and otherwise changes the proportions", async () => {
    const bytes = pngOf(30, 10);
    expect((await decodeImage(bytes, { size: 10 })).shape).toEqual([3, 10, 10]);
    const cut = await decodeImage(bytes, { size: 10, fit: "cover" });
    // The middle third: half of it is red, without the white corner.
    const values = [...cut.dataSync()];
    expect(values.slice(0, 100).reduce((sum, value) => sum + value, 0)).toBe(50);
    expect(new Set(values.slice(100, 200))).toEqual(new Set([0]));
  });

  it("decodes an interlaced PNG, and one of a single pixel", async () => {
    const plain = { width: 9, height: 7, data: picture(9, 7), channels: 4 };
    const interlaced = encodePng(plain, { interlace: "Adam7" });
    expect((await decodeImage(interlaced)).dataSync()).toEqual(
      (await decodeImage(encodePng(plain))).dataSync(),
    );
    expect((await decodeImage(pngOf(1, 1), { channels: 1, size: [2, 3] })).shape).toEqual([1, 2, 3]);
  });

  it("decodes PNGs of one to three pixels with a transparent colour", async () => {
    for (const width of [1, 2, 3]) {
      const data = Uint8Array.from({ length: 3 * width }, (_, i) => (i < 3 ? 9 : 0));
      const plain = encodePng({ width, height: 1, data, channels: 3 });
      const transparent = chunk("tRNS", Uint8Array.of(0, 9, 0, 9, 0, 9));
      // After the header, which has 8 + 25 bytes.
      const bytes = Uint8Array.of(...plain.subarray(0, 33), ...transparent, ...plain.subarray(33));
      const red = (await decodeImage(bytes)).dataSync().subarray(0, width);
      expect([...red]).toEqual([1, 0, 0].slice(0, width));
    }
  });

  it.each<[string, object, string]>([
    ["channels", { channels: 2 }, "decodeImage: got channels 2; expected 1 or 3"],
    ["size", { size: 0 }, "got size 0; expected a whole number of at least 1, or two of them"],
    ["three sizes", { size: [1, 2, 3] }, "got size [1,2,3]"],
    ["mean", { mean: [1, 2] }, "got mean [1,2]; expected a finite number, or a list of 3"],
    // eslint-disable-next-line no-sparse-arrays -- what is meant
    ["mean with a hole", { mean: [1, , 2] }, "got mean [1,null,2]; expected a finite number, or a list of 3"],
    ["std", { std: 0 }, "got std 0; expected a finite number other than 0, or a list of 3"],
    ["fit", { fit: "contain" }, 'expected "stretch" or "cover"'],
  ])("refuses another %s", async (_, options, message) => {
    const decoding = decodeImage(pngOf(2, 2), options);
    await expect(decoding).rejects.toThrow(ArgumentError);
    await expect(decoding).rejects.toThrow(message);
  });
});

describe("decodeImage rejects", () => {
  const good = pngOf(8, 8);

  /** A PNG with the pixels of another. */
  const withPixels = (bytes: Uint8Array, raw: Uint8Array): Uint8Array => {
    const packed = deflateSync(raw);
    const start = Buffer.from(bytes).indexOf("IDAT") - 4;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start);
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, packed.length);
    head.setUint32(4, 0x49444154);
    return Uint8Array.of(
      ...bytes.subarray(0, start),
      ...new Uint8Array(head.buffer),
      ...packed,
      0,
      0,
      0,
      0,
      ...bytes.subarray(start + 12 + length),
    );
  };

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "decodeImage: begins with the bytes [], expected a PNG or a JPEG"],
    ["another format", Buffer.from("GIF89a"), "begins with the bytes [47 49 46 38]"],
    ["half a header", good.subarray(0, 20), "is a PNG without a complete header"],
    ["no pixels", good.with(19, 0), "is a PNG of 0 × 8 pixels"],
    ["half a PNG", good.subarray(0, good.length - 20), "is cut off"],
    [
      "a PNG without its end",
      good.subarray(0, good.length - 12),
      "is a PNG without an end. Is the file cut off?",
    ],
    ["another size", good.with(23, 9), "is a damaged PNG: its pixels take 297 bytes, and unpack to 264"],
    ["too few pixels", withPixels(good, new Uint8Array(33)), "its pixels take 264 bytes, and unpack to 33"],
    ["a bomb", withPixels(good, new Uint8Array(1e7)), "its pixels take 264 bytes, and unpack to more"],
    ["a changed byte", good.with(-20, good.at(-20)! ^ 1), "PNG"],
    ["a JPEG without a size", jpegOf(8, 8).subarray(0, 100), "is a JPEG without a size"],
    ["half a JPEG", jpegOf(64, 64).subarray(0, 700), "is a damaged JPEG"],
  ])("%s", async (_, bytes, message) => {
    await expect(decodeImage(bytes)).rejects.toThrow(FormatError);
    await expect(decodeImage(bytes)).rejects.toThrow(message);
  });

  it("more pixels than the limit, before it decodes", async () => {
    await expect(decodeImage(good, { limit: 63 })).rejects.toThrow("has 8 × 8 pixels, the limit is 63");
    const huge = good.slice();
    new DataView(huge.buffer).setUint32(16, 2 ** 31);
    await expect(decodeImage(huge)).rejects.toThrow("has 2147483648 × 8 pixels, the limit is 33554432");
  });

  it("changed bytes with a FormatError, or decodes them", async () => {
    const files = [
      good,
      jpegOf(16, 16),
      encodePng({ width: 9, height: 9, data: picture(9, 9), channels: 4 }, { interlace: "Adam7" }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        async (file, changes, length) => {
          const bytes = Uint8Array.from(file);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const end = length % 3 === 0 ? length % (bytes.length + 1) : bytes.length;
          const error: unknown = await decodeImage(bytes.subarray(0, end), { limit: 4096 }).then(
            () => null,
            (thrown: unknown) => thrown,
          );
          if (error !== null) expect(error).toBeInstanceOf(FormatError);
        },
      ),
      { numRuns: sized({ short: 200, long: 20_000 }) },
    );
  });
});

describe("readImage", () => {
  it("reads files of a page, and names them in errors", async () => {
    const image = await readImage(new File([Buffer.from(pngOf(4, 2))], "a.png"), { channels: 1 });
    expect(image.shape).toEqual([1, 2, 4]);
    await expect(readImage(new File(["text"], "a.png"))).rejects.toThrow(
      "readImage(a.png): begins with the bytes [74 65 78 74]",
    );
    await expect(readImage("/no/such.png")).rejects.toThrow("readImage(/no/such.png): cannot read");
  });
});

describe("in a page", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("the browser decodes, and gives its memory back", async () => {
    const close = vi.fn();
    const types: string[] = [];
    vi.stubGlobal("createImageBitmap", (blob: Blob) => {
      types.push(blob.type);
      return Promise.resolve({ width: 2, height: 1, close });
    });
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        getContext() {
          const data = Uint8ClampedArray.of(255, 0, 0, 255, 0, 0, 0, 0);
          return { drawImage: () => undefined, getImageData: () => ({ width: 2, height: 1, data }) };
        }
      },
    );
    const image = await decodeImage(pngOf(2, 1));
    expect([...image.dataSync()]).toEqual([1, 1, 0, 1, 0, 1]);
    expect(types).toEqual(["image/png"]);
    expect(close).toHaveBeenCalledOnce();
  });

  it("what the browser cannot decode is a FormatError", async () => {
    vi.stubGlobal("createImageBitmap", () =>
      Promise.reject(new Error("The source image could not be decoded.")),
    );
    vi.stubGlobal("OffscreenCanvas", vi.fn());
    await expect(decodeImage(pngOf(2, 1))).rejects.toThrow(
      "is a damaged PNG: The source image could not be decoded.",
    );
  });
});

describe("resize", () => {
  it("keeps what is constant, whatever the sizes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), async (from, to) => {
        const values = (
          await resize(tensor(Array.from({ length: from }, () => [0.5])), { size: [to, 2] })
        ).dataSync();
        expect(values.every((value) => Math.abs(value - 0.5) < 1e-7)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses what is no image", async () => {
    await expect(resize(tensor([1, 2]), { size: 2 })).rejects.toThrow(
      "resize: got the shape [2]; expected [..., height, width]",
    );
    await expect(resize(tensor([[1, 2]]), { size: 1.5 })).rejects.toThrow("resize: got size 1.5");
  });
});
