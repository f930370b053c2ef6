import { readText } from "@stargrad/datasets";
import { Generator, StargradError } from "@stargrad/tensor";

import { givenFiles } from "../classify/given-files.js";
import { probabilitiesOf, readPicture, readRows, trainedIn, type Trained } from "../classify/trained.js";
import { savedModel, type SavedModel } from "../runs/saved-model.js";
import type { GivenFile } from "../dashboard/read-data.js";
import { reportError } from "../terminal/report-error.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { lineWidth } from "../terminal/text.js";
import { generate } from "../text/generate.js";
import { encode } from "../text/passages.js";
import { isText, trainedTransformer } from "../text/run.js";
import { sampleLines } from "../text/words.js";
import { percent } from "../words/numbers.js";

export interface PredictOptions {
  readonly json?: boolean;
}

/**
 * Asks the best model of a run about new files: which class pictures or the rows of a table are, or how texts go on. A file that cannot be
 * asked about is reported, and the others are answered.
 */
export async function predict(
  run: string,
  paths: readonly string[],
  { json = false }: PredictOptions,
): Promise<void> {
  const saved = await savedModel(run);
  const reported = (error: unknown): void => {
    if (!(error instanceof StargradError)) throw error;
    process.exitCode = reportError(error, {});
  };
  if (isText(saved.checkpoint.metadata)) {
    for (const path of paths) await continueText(saved, path, json).catch(reported);
    return;
  }
  const trained = trainedIn(saved);
  for (const path of paths) {
    for (const { path: inFolder, file } of (await filesIn(path, trained).catch(reported)) ?? []) {
      const name = inFolder === file.name ? path : inFolder;
      await classifyFile(trained, name, file, json).catch(reported);
    }
  }
}

/** A file, or the files of a folder that may be asked about. Throws: StargradError if there is none */
async function filesIn(path: string, { described: { what } }: Trained): Promise<readonly GivenFile[]> {
  const given = await givenFiles(path);
  const isFolder = given.length !== 1 || given[0].path !== given[0].file.name;
  if (!isFolder) return given;
  const kind = what === "picture" ? /\.(png|jpe?g)$/i : /\.(csv|tsv|txt)$/i;
  const files = given.filter((each) => kind.test(each.path) && !/(^|\/)\./.test(each.path));
  if (files.length > 0) return files;
  throw new StargradError(path, `there is no ${what === "picture" ? "PNG or JPEG" : "table"} in this folder`);
}

async function classifyFile(trained: Trained, name: string, file: File, json: boolean): Promise<void> {
  const { what, classes } = trained.described;
  const examples =
    what === "picture"
      ? await readPicture(trained, name, new Uint8Array(await file.arrayBuffer()))
      : await readRows(trained, name, file);
  if (examples.count === 0) {
    console.error(`${name}: has no rows`);
    return;
  }
  const all = await probabilitiesOf(trained, examples);
  const best = await all.argmax({ axis: 1 }).data();
  const probabilities = await all.data();
  for (let row = 0; row < examples.count; row++) {
    const label = classes[best[row]];
    const own = [...probabilities.subarray(row * classes.length, (row + 1) * classes.length)];
    const probability = own[best[row]];
    const place = what === "row" ? { row: row + 1 } : {};
    const { remark } = examples;
    if (json) {
      const byClass = Object.fromEntries(classes.map((each, i) => [each, own[i]]));
      writeJsonLine({
        event: "answer",
        file: name,
        ...place,
        label,
        probability,
        probabilities: byClass,
        ...(remark !== null && { remark }),
      });
    } else {
      const where = what === "row" ? `, row ${row + 1}` : "";
      console.log(
        `${name}${where}: ${label} (${percent(probability, 1)})${remark === null ? "" : `; ${remark}`}`,
      );
    }
  }
}

/** How many characters of a text are written on. */
const continued = 240;

/** Writes on where a text ends. Equal texts go on equally. */
async function continueText(
  { checkpoint, path: file }: SavedModel,
  path: string,
  json: boolean,
): Promise<void> {
  const { model, vocabulary } = trainedTransformer(checkpoint, file);
  const text = await readText(path);
  if (text === "") throw new StargradError(path, "is empty", "Name a file with the beginning of a text");
  const prompt = encode(text, vocabulary, path).slice(-model.context);
  const options = { length: continued, temperature: 0.8, generator: new Generator(1) };
  const written = vocabulary.decode([...(await generate(model, prompt, options))]);
  if (json) writeJsonLine({ event: "answer", file: path, text: written });
  else console.log([`${path} goes on:`, ...sampleLines(written, lineWidth(process.stdout))].join("\n"));
}
