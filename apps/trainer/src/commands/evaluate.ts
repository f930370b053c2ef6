import { accuracy, evaluate as measure, loadCheckpoint } from "@stargrad/train";

import { trainedClassifier } from "../digits/classifier.js";
import { testPictures } from "../digits/pictures.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { percent } from "../terminal/text.js";

export interface EvaluateOptions {
  readonly checkpoint: string;
  /** The folder with MNIST's files for testing. */
  readonly data: string;
  readonly json?: boolean;
}

/** Measures a saved classifier on the pictures it has never seen. */
export async function evaluate({ checkpoint: path, data, json = false }: EvaluateOptions): Promise<void> {
  const started = performance.now();
  const model = trainedClassifier(await loadCheckpoint(path), path);
  const { accuracy: testAccuracy } = await measure(model, await testPictures(data), { accuracy });
  const seconds = (performance.now() - started) / 1000;
  if (json) writeJsonLine({ event: "done", testAccuracy, seconds });
  else console.log(`Right on ${percent(testAccuracy, 1)} of the test pictures.`);
}
