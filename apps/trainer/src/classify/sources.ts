import { StargradError } from "@stargrad/tensor";

import type { Data } from "../dashboard/data.js";
import { readData } from "../dashboard/read-data.js";
import { animals } from "../dashboard/samples.js";
import { givenFiles } from "./given-files.js";

/** What a command learns to classify. */
export interface Source {
  readonly about: string;
  /** What `--data` names; null if the command needs no files. */
  readonly files: string | null;
  readonly what: Data["what"];
}

export const sources = {
  fashion: {
    about: "pictures of clothes (Fashion-MNIST), or any pictures in IDX files",
    files: "the folder with the four IDX files",
    what: "picture",
  },
  images: {
    about: "your own pictures: a folder with one sub-folder of PNG or JPEG files for each class",
    files: "the folder",
    what: "picture",
  },
  csv: { about: "the rows of a table", files: "the CSV or TSV file", what: "row" },
  "cats-and-dogs": { about: "line drawings of cats and dogs, made here", files: null, what: "picture" },
} satisfies Readonly<Record<string, Source>>;

export type SourceName = keyof typeof sources;
export const sourceNames = Object.keys(sources) as SourceName[];

export interface SourceOptions {
  /** The path of the files. */
  readonly data?: string | undefined;
  /** The column of a table to predict. */
  readonly target?: string | undefined;
}

/** Reads or makes the data of a command. Throws: StargradError for files that are none of its kind */
export async function readSource(name: SourceName, { data: path, target }: SourceOptions): Promise<Data> {
  if (name === "cats-and-dogs") return animals(4000);
  if (path === undefined)
    throw new StargradError(name, "got no files", `Name ${sources[name].files} with --data`);
  const data = await readData(await givenFiles(path), target);
  if (data.what === sources[name].what) return data;
  throw new StargradError(
    path,
    `has ${data.what === "row" ? "rows of numbers" : "pictures"}; \`${name}\` learns ${sources[name].about}`,
    data.what === "row" ? "Use csv" : "Use images or fashion",
  );
}
