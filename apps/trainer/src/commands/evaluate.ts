import { accuracy, evaluate as measure, loadCheckpoint, type Checkpoint } from "@stargrad/train";

import { trainedClassifier } from "../digits/classifier.js";
import { testPictures } from "../digits/pictures.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { inLines } from "../terminal/report-error.js";
import { secondsSince } from "../terminal/text.js";
import { percent } from "../words/numbers.js";
import { nextCharacterLoss } from "../text/character-transformer.js";
import { readPassages, validationPassages } from "../text/passages.js";
import { isText, trainedTransformer } from "../text/run.js";
import { outcomeLines } from "../text/words.js";

export interface EvaluateOptions {
  readonly checkpoint: string;
  /** The folder with MNIST's test files, or the file with the text. */
  readonly data: string;
  readonly json?: boolean;
}

/** Evaluates a saved model on data that it was not trained on. */
export async function evaluate({ checkpoint: path, data, json = false }: EvaluateOptions): Promise<void> {
  const started = performance.now();
  const checkpoint = await loadCheckpoint(path);
  const { figures, lines } = isText(checkpoint.metadata)
    ? await evaluateTransformer(checkpoint, path, data)
    : await evaluateClassifier(checkpoint, path, data);
  const seconds = secondsSince(started);
  if (json) writeJsonLine({ event: "done", ...figures, seconds });
  else console.log(inLines(lines.join("\n"), process.stdout));
}

/** The result of an evaluation, for a program and for a person. */
interface Evaluation {
  readonly figures: Readonly<Record<string, number>>;
  readonly lines: readonly string[];
}

async function evaluateClassifier(checkpoint: Checkpoint, path: string, data: string): Promise<Evaluation> {
  const model = trainedClassifier(checkpoint, path);
  const { accuracy: testAccuracy } = await measure(model, await testPictures(data), { accuracy });
  return {
    figures: { testAccuracy },
    lines: [`Right on ${percent(testAccuracy, 1)} of the test pictures.`],
  };
}

async function evaluateTransformer(checkpoint: Checkpoint, path: string, data: string): Promise<Evaluation> {
  const { model, vocabulary } = trainedTransformer(checkpoint, path);
  const { context } = model;
  const passages = await readPassages(data, { context, vocabulary });
  const { loss: validationLoss } = await measure(model, validationPassages(passages, context), {
    loss: nextCharacterLoss,
  });
  const figures = { validationLoss, ...passages.baselines };
  return { figures, lines: outcomeLines(figures) };
}
