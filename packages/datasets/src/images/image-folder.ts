import { ArgumentError, fromData, StargradError, type Tensor } from "@stargrad/tensor";
import { expectOptions } from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "../arrays.js";
import { expectIndices, type Dataset } from "../dataset.js";
import { listFiles } from "../list-files.js";
import { readBytes, type NamedBlob, type Source } from "../source.js";
import { imageKinds, imageOf, settingsOf, type ImageOptions, type ImageSettings } from "./image.js";

export interface ImageFolderOptions extends ImageOptions {
  /** The size of all images. */
  readonly size: NonNullable<ImageOptions["size"]>;
}

/** A picture in a folder. */
interface Entry {
  /** From the folder that was given: `cat/1.png`. */
  readonly path: string;
  readonly source: Source;
}

/**
 * The pictures in a folder whose sub-folders are the classes: `pets/cat/1.png`, `pets/dog/old/2.jpg`. In a page, a list of files that were
 * chosen or dropped as a folder (`<input type="file" webkitdirectory>`). Files with other endings than `.png`, `.jpg` and `.jpeg` and files
 * beside the sub-folders are left out. Classes and pictures are sorted by name.
 *
 * Shapes: batches x [B, channels, height, width] float32, y [B] int32, the index of the class
 * Throws: StargradError if there is no picture, or the folder cannot be read; reading a batch throws as {@link decodeImage} does, with the file's name
 * Source: torchvision.datasets.ImageFolder
 */
export async function imageFolder(
  folder: string | readonly NamedBlob[],
  options: ImageFolderOptions,
): Promise<ImageFolder> {
  expectOptions("imageFolder", options, imageKinds, ["size"]);
  const settings = settingsOf("imageFolder", options);
  const called = typeof folder === "string" ? `imageFolder(${folder})` : "imageFolder";
  const entries = typeof folder === "string" ? await entriesIn(folder, called) : entriesOf(folder);
  const pictures = entries.filter(({ path }) => /^[^/]+\/.*\.(png|jpe?g)$/i.test(path));
  if (pictures.length === 0) {
    throw new StargradError(
      called,
      `found no picture among ${entries.length} files; expected .png or .jpg files in a sub-folder for each class`,
      "Name the folder that contains the folders of the classes",
    );
  }
  return new ImageFolder(called, pictures, settings);
}

async function entriesIn(folder: string, called: string): Promise<Entry[]> {
  const paths = await listFiles(folder, called);
  return paths.map((path) => ({ path, source: `${folder}/${path}` }));
}

function entriesOf(files: readonly NamedBlob[]): Entry[] {
  return files.map((file) => {
    const path = file.webkitRelativePath ?? "";
    if (path === "") {
      throw new ArgumentError(
        "imageFolder",
        `the file ${JSON.stringify(file.name)} has no webkitRelativePath, so its class is unknown`,
        "Let people choose a folder: <input type=file webkitdirectory>",
      );
    }
    // Without the chosen folder itself.
    return { path: path.slice(path.indexOf("/") + 1), source: file };
  });
}

/**
 * The dataset that {@link imageFolder} returns. Each batch decodes its pictures, so it is a promise: `fit`, `evaluate` and `for await` over
 * a DataLoader await it. `load` decodes all pictures once, for several epochs.
 */
export class ImageFolder implements Dataset<Promise<{ x: Tensor; y: Tensor }>> {
  readonly length: number;
  /** The names of the classes, in the order of their indices. */
  readonly classes: readonly string[];
  /** The paths of the pictures in the folder, in the order of their indices. */
  readonly paths: readonly string[];
  /** The index of the class of each picture. */
  readonly labels: Int32Array;
  readonly #called: string;
  readonly #entries: readonly Entry[];
  readonly #settings: ImageSettings;

  /** Use {@link imageFolder}. */
  constructor(called: string, entries: readonly Entry[], settings: ImageSettings) {
    const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
    const classOf = ({ path }: Entry): string => path.slice(0, path.indexOf("/"));
    this.classes = [...new Set(sorted.map(classOf))].sort();
    this.length = sorted.length;
    this.paths = sorted.map(({ path }) => path);
    this.#called = called;
    this.#entries = sorted;
    this.labels = Int32Array.from(sorted, (entry) => this.classes.indexOf(classOf(entry)));
    this.#settings = settings;
  }

  async batch(indices: Int32Array): Promise<{ x: Tensor; y: Tensor }> {
    expectIndices(indices, this.length);
    const { channels, size } = this.#settings;
    const [height, width] = size ?? [0, 0];
    const values = new Float32Array(indices.length * channels * height * width);
    const area = channels * height * width;
    for (const [row, index] of indices.entries()) {
      const { path, source } = this.#entries[index];
      const called = `${this.#called}: ${path}`;
      const bytes = await readBytes(source, called);
      values.set((await imageOf(called, bytes, this.#settings)).values, row * area);
    }
    return {
      x: fromData(values, [indices.length, channels, height, width]),
      y: fromData(
        indices.map((index) => this.labels[index]),
        [indices.length],
      ),
    };
  }

  /** Decodes all pictures, for a dataset in memory. */
  async load(): Promise<TensorDataset<"x" | "y">> {
    return arrays(await this.batch(Int32Array.from({ length: this.length }, (_, index) => index)));
  }
}
