import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { digits, encodeIdx } from "./index.js";

const images = encodeIdx({ shape: [3, 2, 2], data: Uint8Array.of(0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8) });
const labels = encodeIdx({ shape: [3], data: Uint8Array.of(7, 0, 9) });

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "stargrad-datasets-"))));
afterEach(() => rm(directory, { recursive: true }));

const write = async (files: Record<string, Uint8Array>) => {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
};
const train = (x: Uint8Array, y: Uint8Array) =>
  write({ "train-images-idx3-ubyte": x, "train-labels-idx1-ubyte": y });

describe("digits", () => {
  it("are rows of pixels from 0 to 1, and labels", async () => {
    await train(images, labels);
    const dataset = await digits({ directory, split: "train" });
    const { x, y } = dataset.all();
    expect(dataset.length).toBe(3);
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[3, 4], "float32", [3], "int32"]);
    expect(x.dataSync().subarray(0, 4)).toEqual(Float32Array.of(0, 0.2, 0.4, 1));
    expect(y.toArraySync()).toEqual([7, 0, 9]);
  });

  it("are images with a channel if not flattened", async () => {
    await train(images, labels);
    const { x } = (await digits({ directory, split: "train", flatten: false })).all();
    expect(x.shape).toEqual([3, 1, 2, 2]);
  });

  it("are also read from gzipped files, each split by its own name", async () => {
    await write({ "t10k-images-idx3-ubyte.gz": gzipSync(images), "t10k-labels-idx1-ubyte": labels });
    expect((await digits({ directory, split: "test" })).length).toBe(3);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(StargradError);
  });
});

describe("digits in a page", () => {
  const file = (name: string, bytes: Uint8Array) => new File([Buffer.from(bytes)], name);

  it("are read from files that were dropped, each split by its names", async () => {
    const files = [
      file("readme.txt", images),
      file("t10k-labels-idx1-ubyte.gz", gzipSync(labels)),
      file("t10k-images-idx3-ubyte", images),
    ];
    const { x, y } = (await digits({ files, split: "test" })).all();
    expect([x.shape, [...y.dataSync()]]).toEqual([
      [3, 4],
      [7, 0, 9],
    ]);
    await expect(digits({ files, split: "train" })).rejects.toThrow(
      "digits: found neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz among the 3 files. Drop MNIST's files",
    );
  });

  it("name the file that is wrong", async () => {
    const files = [
      file("train-images-idx3-ubyte", labels.subarray(0, 9)),
      file("train-labels-idx1-ubyte", labels),
    ];
    await expect(digits({ files, split: "train" })).rejects.toThrow(
      "readIdx(train-images-idx3-ubyte): the shape [3]",
    );
  });

  it("need either a directory or files", async () => {
    await expect(digits({ split: "train" })).rejects.toThrow("digits: got neither a directory nor files");
    await expect(digits({ directory, files: [], split: "train" })).rejects.toThrow(
      "got both a directory and files",
    );
  });
});

describe("digits reject", () => {
  it("a folder without the files, with an error that names the missing files", async () => {
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      `digits(${directory}): found neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in this folder`,
    );
    await write({ "t10k-images-idx3-ubyte": images });
    await expect(digits({ directory, split: "test" })).rejects.toThrow(
      "found neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz in this folder",
    );
  });

  it("a file instead of the folder, and a folder instead of a file", async () => {
    await mkdir(join(directory, "train-images-idx3-ubyte"));
    await expect(digits({ directory, split: "train" })).rejects.toThrow("it is a folder; expected a file");
    await rm(directory, { recursive: true });
    await writeFile(directory, "");
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      `digits(${directory}): this is a file, not a folder. Name the folder that holds the four MNIST files`,
    );
  });

  it("labels given as images, and images as labels", async () => {
    await train(labels, labels);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "train-images-idx3-ubyte has the axes [3] of Uint8Array, expected [count, height, width] of Uint8Array. " +
        "Are the files of images and labels swapped?",
    );
    await train(images, images);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "train-labels-idx1-ubyte has the axes [3, 2, 2] of Uint8Array, expected [count] of Uint8Array",
    );
  });

  it("elements that are not bytes", async () => {
    await train(encodeIdx({ shape: [3, 2, 2], data: new Float32Array(12) }), labels);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "[3, 2, 2] of Float32Array, expected",
    );
  });

  it("counts that disagree", async () => {
    await train(images, encodeIdx({ shape: [2], data: Uint8Array.of(1, 2) }));
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "train-images-idx3-ubyte has 3 images, train-labels-idx1-ubyte has 2 labels",
    );
  });

  it("labels outside 0 to 9", async () => {
    await train(images, encodeIdx({ shape: [3], data: Uint8Array.of(9, 10, 0) }));
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "label 1 of train-labels-idx1-ubyte is 10, expected 0 to 9",
    );
  });

  it("a file that is cut off, with an error that names it", async () => {
    await train(images.subarray(0, 20), labels);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(FormatError);
    await expect(digits({ directory, split: "train" })).rejects.toThrow(
      "train-images-idx3-ubyte): the shape [3, 2, 2] takes 12 bytes, 4 follow the header. Is the file cut off?",
    );
  });
});
