import { decodeImage, readCsv, resize } from "@stargrad/datasets";
import { fromData, stack, StargradError, type Tensor } from "@stargrad/tensor";

import type { GivenFile } from "../dashboard/read-data.js";
import { givenFiles } from "../classify/given-files.js";
import { answersOf, scaled, trainedIn, type Answer, type Trained } from "../classify/trained.js";
import { existingRun } from "../runs/run-places.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { percent } from "../words/numbers.js";

export interface PredictOptions {
  readonly json?: boolean;
}

/** Asks the best model of a run about new files: pictures, or the rows of a table. */
export async function predict(
  run: string,
  paths: readonly string[],
  { json = false }: PredictOptions,
): Promise<void> {
  const trained = await trainedIn(await existingRun(run));
  for (const path of paths) {
    for (const given of await givenFiles(path)) {
      const name = given.path === given.file.name ? path : given.path;
      const answers =
        trained.described.what === "picture"
          ? await ofPicture(trained, name, given)
          : await ofRows(trained, name, given);
      for (const [row, { label, probability }] of answers.entries()) {
        const place = answers.length === 1 ? {} : { row: row + 1 };
        if (json) writeJsonLine({ event: "answer", file: name, ...place, label, probability });
        else
          console.log(
            `${name}${answers.length === 1 ? "" : `, row ${row + 1}`}: ${label} (${percent(probability, 1)})`,
          );
      }
    }
  }
}

async function ofPicture(trained: Trained, name: string, { file }: GivenFile): Promise<Answer[]> {
  const { shape } = trained.described;
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3)
    throw new StargradError(name, `cannot be asked about: the model reads ${channels} channels`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const picture = await decodeImage(bytes, { channels }).catch((error: unknown) => {
    if (!(error instanceof StargradError)) throw error;
    throw new StargradError(
      name,
      error.message.slice(error.called.length + 2),
      "Name PNG or JPEG files, or a folder of them",
      { cause: error },
    );
  });
  const x = await resize(await asInk(trained, picture), { size: [height, width] });
  const values = scaled(await x.mul(255).flatten().data(), trained.scale);
  return answersOf(trained, fromData(values, [1, ...shape]));
}

/** MNIST, Fashion-MNIST and the drawings are bright on black; a picture that is mostly bright is taken for ink on paper. */
async function asInk({ config: { command } }: Trained, picture: Tensor): Promise<Tensor> {
  if (command === "images" || (await picture.mean().item()) < 0.5) return picture;
  return picture.neg().add(1);
}

async function ofRows(trained: Trained, name: string, { file }: GivenFile): Promise<Answer[]> {
  const { features } = trained.described;
  const table = await readCsv(file);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const rows = Array.from({ length: table.length }, () => new Float64Array(features.length));
  for (const [i, feature] of features.entries()) {
    const number = columns.get(feature);
    const [, column = feature, category = ""] = /^(.*?): (.*)$/.exec(feature) ?? [];
    const named = number ?? columns.get(column);
    if (named === undefined) {
      throw new StargradError(
        name,
        `has no column “${column}”, from which the model predicts`,
        `It has ${[...columns.keys()].join(", ")}`,
      );
    }
    for (const [row, values] of rows.entries()) {
      const value = named.values[row];
      const text = named.type === "category" ? named.categories[Number(value)] : String(value);
      values[i] = number === undefined ? Number(text === category) : Number(value);
      if (Number.isNaN(values[i]))
        throw new StargradError(name, `has no number in row ${row + 1} of the column “${feature}”`);
    }
  }
  if (rows.length === 0) return [];
  return answersOf(
    trained,
    stack(rows.map((row) => fromData(scaled(row, trained.scale), [features.length]))),
  );
}
