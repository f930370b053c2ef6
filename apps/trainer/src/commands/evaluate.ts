import { crossEntropy } from "@stargrad/nn";
import { accuracy, evaluate as measure } from "@stargrad/train";

import { examplesFor } from "../classify/evaluated.js";
import { sourceOf, type RunSettings } from "../classify/task.js";
import { trainedIn } from "../classify/trained.js";
import { trainedClassifier } from "../digits/classifier.js";
import { testPictures } from "../digits/pictures.js";
import type { SourceName } from "../classify/sources.js";
import { expectData } from "../runs/run.js";
import { savedModel, type SavedModel } from "../runs/saved-model.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { inLines } from "../terminal/report-error.js";
import { secondsSince } from "../terminal/text.js";
import { percent, short } from "../words/numbers.js";
import { nextCharacterLoss } from "../text/character-transformer.js";
import { readPassages, validationPassages } from "../text/passages.js";
import { isText, trainedTransformer } from "../text/run.js";
import { outcomeLines } from "../text/words.js";

export interface EvaluateOptions {
  /** The data. Default: that with which the run began, if it has a folder. */
  readonly data?: string;
  readonly json?: boolean;
}

/** Evaluates the best model of a run, or the one in a file, on data that it was not trained on. */
export async function evaluate(run: string, { data, json = false }: EvaluateOptions): Promise<void> {
  const started = performance.now();
  const saved = await savedModel(run);
  const path = data ?? saved.data;
  const { figures, lines } = await evaluationOf(saved, path);
  const seconds = secondsSince(started);
  if (json) writeJsonLine({ event: "done", ...figures, seconds });
  else console.log(inLines(lines.join("\n"), process.stdout));
}

/** The result of an evaluation, for a program and for a person. */
interface Evaluation {
  readonly figures: Readonly<Record<string, number>>;
  readonly lines: readonly string[];
}

async function evaluationOf(saved: SavedModel, data: string | null): Promise<Evaluation> {
  if (isText(saved.checkpoint.metadata)) return ofTransformer(saved, expectData("evaluate", data));
  const source = sourceOf(saved.command);
  return source === null ? ofDigits(saved, expectData("evaluate", data)) : ofClassifier(source, saved, data);
}

async function ofDigits({ checkpoint, path }: SavedModel, data: string): Promise<Evaluation> {
  const model = trainedClassifier(checkpoint, path);
  const { accuracy: testAccuracy } = await measure(model, await testPictures(data), { accuracy });
  return {
    figures: { testAccuracy },
    lines: [`Right on ${percent(testAccuracy, 1)} of the test pictures.`],
  };
}

async function ofClassifier(source: SourceName, saved: SavedModel, data: string | null): Promise<Evaluation> {
  const trained = trainedIn(saved);
  // A checkpoint of these commands has them.
  const settings = trained.settings as RunSettings;
  const { loader, count, which } = await examplesFor(source, saved, trained, settings, data);
  const figures = await measure(trained.model, loader, { loss: crossEntropy, accuracy });
  return {
    figures: { ...figures, examples: count },
    lines: [
      `Right on ${percent(figures.accuracy, 1)} of the ${count.toLocaleString("en")} examples ${which}; loss ${short(figures.loss)}.`,
    ],
  };
}

async function ofTransformer({ checkpoint, path }: SavedModel, data: string): Promise<Evaluation> {
  const { model, vocabulary } = trainedTransformer(checkpoint, path);
  const { context } = model;
  const passages = await readPassages(data, { context, vocabulary });
  const { loss: validationLoss } = await measure(model, validationPassages(passages, context), {
    loss: nextCharacterLoss,
  });
  const figures = { validationLoss, ...passages.baselines };
  return { figures, lines: outcomeLines(figures) };
}
