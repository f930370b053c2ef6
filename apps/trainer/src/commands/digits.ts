import { crossEntropy } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { manualSeed } from "@stargrad/tensor";
import { accuracy, evaluate, fit, restoreCheckpoint } from "@stargrad/train";

import { classifier } from "../digits/classifier.js";
import { testPictures, trainingPictures } from "../digits/pictures.js";
import { withExplanations } from "../digits/explanations.js";
import { reporterFor } from "../digits/reporter.js";
import { metadataOf, openDigitsRun, type DigitsRun, type RunOptions, type Settings } from "../digits/run.js";
import { downloadWithBar } from "../terminal/download.js";
import { secondsSince } from "../terminal/text.js";

export interface DigitsOptions extends RunOptions {
  /** The folder with MNIST's four files. Default: they are downloaded. */
  readonly data?: string;
  /** How many epochs the run has in all. */
  readonly epochs: number;
  /** Explains every `explain`-th step. Default: none. */
  readonly explain?: number;
  readonly json?: boolean;
}

/** Trains a classifier of handwritten digits, and saves a checkpoint after every epoch. */
export async function digits(digitsOptions: DigitsOptions): Promise<void> {
  const { data: folder, epochs, explain = Infinity, json = false, ...options } = digitsOptions;
  const started = performance.now();
  const run = await openDigitsRun(options);
  const data = folder ?? (await downloadWithBar("mnist"));
  const { settings, file } = run;
  const loader = await trainingPictures(data, settings);
  const testLoader = await testPictures(data);

  manualSeed(settings.seed);
  const model = classifier(settings.model);
  const optimizer = new AdamW(model.parameters(), { learningRate: settings.learningRate });
  const loss = crossEntropy;
  const training = { model, optimizer, loader };
  if (run.checkpoint !== null) restoreCheckpoint(run.checkpoint, training);

  await file?.lock();
  const reporter = reporterFor({ json });
  let { trainAccuracy } = run;
  try {
    reporter.note(introduction(options.checkpoint, run, epochs));
    if (explain !== Infinity) reporter.note(explanationNote(explain, settings));
    const events = fit({ ...training, loss, metrics: { accuracy }, epochs });
    for await (const event of withExplanations(events, { model, loss, every: explain })) {
      await reporter.show(event);
      if (event.event !== "epoch") continue;
      trainAccuracy = event.metrics.accuracy;
      await file?.save({ ...training, metadata: metadataOf({ settings, trainAccuracy }) });
    }
    const { accuracy: testAccuracy } = await evaluate(model, testLoader, { accuracy });
    reporter.done({ trainAccuracy, testAccuracy, seconds: secondsSince(started) });
  } finally {
    reporter.close();
    await file?.release();
  }
}

function introduction(file: string | undefined, { epoch, settings }: DigitsRun, epochs: number): string {
  if (file === undefined) {
    return `Training with ${settings.batchSize} pictures per step. Nothing is saved without --checkpoint.`;
  }
  if (epoch >= epochs) return `The run in ${file} already has ${epoch} epochs; --epochs is ${epochs}.`;
  if (epoch > 0) return `Continuing the run in ${file}, after epoch ${epoch}.`;
  return `Training with ${settings.batchSize} pictures per step; saved in ${file} after every epoch.`;
}

function explanationNote(every: number, { batchSize }: Settings): string {
  const which = every === 1 ? "every step" : `every ${every} steps`;
  return (
    `Explaining ${which}, on its own ${batchSize} pictures, in total and by layer: ` +
    "promise is the decrease of the loss that the gradient predicts, paid is the actual decrease."
  );
}
