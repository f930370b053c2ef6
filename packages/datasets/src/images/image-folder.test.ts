import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { encode } from "fast-png";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DataLoader, imageFolder } from "../index.js";

/** A grey picture. */
const grey = (level: number, size = 3): Uint8Array =>
  encode({ width: size, height: size, data: new Uint8Array(size * size).fill(level), channels: 1 });

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "stargrad-images-"))));
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

const pets = {
  "dog/2.png": grey(51),
  "dog/old/1.PNG": grey(102, 7),
  "cat/b.png": grey(255),
  "cat/a.png": grey(0),
  "cat/notes.txt": new Uint8Array(3),
  "cover.png": grey(7),
};

/** The same as files of a page that were chosen as the folder "pets". */
const chosen = Object.entries(pets).map(([path, bytes]) =>
  Object.assign(new File([Buffer.from(bytes)], path.slice(path.lastIndexOf("/") + 1)), {
    webkitRelativePath: `pets/${path}`,
  }),
);

describe("imageFolder", () => {
  it.each(["a folder", "chosen files"])(
    "has the sub-folders as classes, sorted by name: %s",
    async (kind) => {
      await write(pets);
      const images = await imageFolder(kind === "a folder" ? folder : chosen, { size: 2, channels: 1 });
      expect(images.classes).toEqual(["cat", "dog"]);
      expect(images.paths).toEqual(["cat/a.png", "cat/b.png", "dog/2.png", "dog/old/1.PNG"]);
      const { x, y } = (await images.load()).all();
      expect([x.shape, x.dtype, y.dtype]).toEqual([[4, 1, 2, 2], "float32", "int32"]);
      expect([...y.dataSync()]).toEqual([0, 0, 1, 1]);
      expect([...x.dataSync()].filter((_, i) => i % 4 === 0)).toEqual([0, 1, 0.2, 0.4].map(Math.fround));
    },
  );

  it("decodes batch by batch in a loader", async () => {
    await write(pets);
    const images = await imageFolder(folder, { size: [4, 5], mean: 0.5, std: 0.5 });
    const shapes: (readonly number[])[] = [];
    for await (const { x } of new DataLoader(images, { batchSize: 3 })) shapes.push(x.shape);
    expect(shapes).toEqual([
      [3, 3, 4, 5],
      [1, 3, 4, 5],
    ]);
    expect((await images.batch(Int32Array.of())).x.shape).toEqual([0, 3, 4, 5]);
    await expect(images.batch(Int32Array.of(4))).rejects.toThrow("got index 4 into 4 items");
  });

  it("names the file that is damaged", async () => {
    await write({ ...pets, "dog/3.png": grey(1).subarray(0, 40) });
    const images = await imageFolder(folder, { size: 2 });
    await expect(images.load()).rejects.toThrow(`imageFolder(${folder}): dog/3.png: is a PNG`);
  });

  it("refuses a folder without pictures, and none", async () => {
    await write({ "a.png": grey(1), "cat/a.gif": grey(1) });
    await expect(imageFolder(folder, { size: 2 })).rejects.toThrow(
      "found no picture among 2 files; expected .png or .jpg files in a sub-folder for each class",
    );
    await expect(imageFolder(join(folder, "none"), { size: 2 })).rejects.toThrow(
      "cannot read the folder: ENOENT",
    );
    await expect(imageFolder([], { size: 2 })).rejects.toThrow("found no picture among 0 files");
    await expect(imageFolder([new File([], "a.png")], { size: 2 })).rejects.toThrow(
      'the file "a.png" has no webkitRelativePath',
    );
    await expect(imageFolder(folder, {} as { size: number })).rejects.toThrow("imageFolder: got no size");
  });
});
