import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FormatError } from "@stargrad/io";
import { ArgumentError, IndexError } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { cifar10, cifar100, decodeCifar } from "./index.js";

/** A picture: its labels, then pixels that say their channel and place. */
const picture = (...labels: number[]) =>
  Uint8Array.of(...labels, ...Array.from({ length: 3072 }, (_, i) => (labels[0] + i) % 256));
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cifar-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("CIFAR", () => {
  it("is read from its files", async () => {
    for (const part of [1, 2, 3, 4, 5])
      await writeFile(join(folder, `data_batch_${part}.bin`), joined(picture(part), picture(9)));
    const training = await cifar10({ directory: folder, split: "train" });
    expect([...training.labels]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    const { x, y } = training.batch(Int32Array.of(4, 0));
    expect(x.shape).toEqual([2, 3, 32, 32]);
    expect(await y.toArray()).toEqual([3, 1]);
    const pixels = await x.data();
    expect(pixels[1024]).toBe(Math.fround(((3 + 1024) % 256) / 255));
    expect(pixels[3072 + 33]).toBe(Math.fround(34 / 255));
    expect(() => training.batch(Int32Array.of(10))).toThrow(IndexError);

    const test = new File([picture(19, 99)], "test.bin");
    const unseen = await cifar100({ files: [test, new File([], "other")], split: "test" });
    expect([unseen.length, [...unseen.labels], [...unseen.coarseLabels]]).toEqual([1, [99], [19]]);
    expect((await unseen.batch(Int32Array.of(0)).x.data())[2]).toBe(Math.fround(21 / 255));
  });

  it.each<[string, Uint8Array, 10 | 100, string]>([
    ["no pictures", new Uint8Array(0), 10, "has 0 bytes; expected a multiple of 3073"],
    ["half a picture", picture(1).subarray(0, 3000), 10, "has 3000 bytes"],
    ["a wrong label", joined(picture(1), picture(10)), 10, "a label of picture 1 is 10; expected 0 to 9"],
    ["a wrong superclass", picture(20, 1), 100, "a label of picture 0 is 20; expected 0 to 19"],
    ["the other set", picture(1), 100, "expected a multiple of 3074"],
  ])("refuses a file with %s", (_, bytes, classes, problem) => {
    expect(() => decodeCifar(bytes, classes)).toThrow(FormatError);
    expect(() => decodeCifar(bytes, classes)).toThrow(problem);
  });

  it("says what is missing or wrong", async () => {
    expect(() => decodeCifar(picture(1), 20 as never)).toThrow("got classes 20; expected 10 or 100");
    await expect(cifar10({ split: "test" })).rejects.toThrow(ArgumentError);
    await expect(cifar10({ files: [], split: "test" })).rejects.toThrow("there is no test_batch.bin among");
    await expect(cifar100({ directory: folder, split: "train" })).rejects.toThrow(/cifar100\(.*train\.bin\): cannot read/);
    await writeFile(join(folder, "train.bin"), "x");
    await expect(cifar100({ directory: folder, split: "train" })).rejects.toThrow(FormatError);
  }); // prettier-ignore
});
