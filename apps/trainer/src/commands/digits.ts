import { resolve } from "node:path";

import { crossEntropy } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { manualSeed } from "@stargrad/tensor";
import { accuracy, evaluate, fit } from "@stargrad/train";

import { classifier } from "../digits/classifier.js";
import { testPictures, trainingPictures } from "../digits/pictures.js";
import { withExplanations } from "../digits/explanations.js";
import { reporterFor } from "../digits/reporter.js";
import {
  defaults,
  findDigitsRun,
  metadataOf,
  progressIn,
  usualEpochs,
  type Settings,
} from "../digits/run.js";
import { keep, type KeptRun } from "../runs/kept-run.js";
import { expectData, type RunOptions } from "../runs/run.js";
import { epochMilestone, placeIn } from "../runs/epochs.js";
import { downloadWithBar } from "../terminal/download.js";
import { isWhole } from "../terminal/numbers.js";
import { secondsSince } from "../terminal/text.js";

/** Settings that are not given are taken from the run that goes on, or else from the defaults. */
export interface DigitsOptions extends RunOptions, Partial<Settings> {
  /** How many epochs the run has in all. Default: as many as it was told before, or else 5. */
  readonly epochs?: number;
  /** Explains every `explain`-th step. Default: none. */
  readonly explain?: number;
  readonly json?: boolean;
}

/** Trains a classifier of handwritten digits, and keeps the run. */
export async function digits(digitsOptions: DigitsOptions): Promise<void> {
  const { run: at, resume, checkpoint, data: files, epochs: requestedEpochs, ...others } = digitsOptions;
  const { explain = Infinity, json = false, ...requested } = others;
  const started = performance.now();
  const found = await findDigitsRun({ run: at, resume, checkpoint, data: files }, requested);
  const settings = found.settings ?? { ...defaults, ...requested };
  const data =
    found.settings === null
      ? (found.data ?? (await downloadWithBar("mnist")))
      : expectData("digits", found.data);
  const { loader, fingerprint } = await trainingPictures(data, settings);
  const validation = await testPictures(data);

  manualSeed(settings.seed);
  const model = classifier(settings.model);
  const optimizer = new AdamW(model.parameters(), { learningRate: settings.learningRate });
  const loss = crossEntropy;
  const metrics = { accuracy };
  const training = { model, optimizer, loader, loss, metrics, validation };

  const toldEpochs = epochsIn(found.others);
  const run = await found.open({
    settings,
    data: resolve(data),
    fingerprint,
    others: { epochs: requestedEpochs ?? toldEpochs },
  });
  const reporter = reporterFor({ json });
  try {
    const restored = await run.restore(training);
    let { trainAccuracy } = restored === null ? { trainAccuracy: null } : progressIn(restored, run.path);
    const epochs = requestedEpochs ?? (restored === null ? toldEpochs : epochsIn(restored.metadata));
    reporter.note(introduction(run, { epochs, settings, loader, isResumed: restored !== null }));
    if (explain !== Infinity) reporter.note(explanationNote(explain, settings));
    let testAccuracy: number | null = null;
    // `fit` would warn that nothing is left.
    const events = loader.epoch < epochs ? fit({ ...training, epochs }) : [];
    const ended = await keep(run, withExplanations(events, { model, loss, every: explain }), {
      command: `digits${checkpoint === undefined ? "" : ` --data ${data}`}`,
      training,
      metadata: () => metadataOf({ settings, epochs, fingerprint, trainAccuracy }),
      reporter,
      show: async (event) => {
        await reporter.show(event);
        if (event.event !== "epoch") return null;
        trainAccuracy = event.metrics.accuracy;
        testAccuracy = event.validation?.metrics.accuracy ?? null;
        return epochMilestone(event);
      },
    });
    if (!ended) return;
    testAccuracy ??= (await evaluate(model, validation, metrics)).accuracy;
    reporter.done({ trainAccuracy, testAccuracy, seconds: secondsSince(started) });
  } finally {
    reporter.close();
    await run.close();
  }
}

/** The total number of epochs that a run was told last. */
function epochsIn(saved: { readonly [name: string]: unknown }): number {
  return isWhole(1)(saved["epochs"]) ? Number(saved["epochs"]) : usualEpochs;
}

function introduction(
  { path }: Pick<KeptRun, "path">,
  {
    epochs,
    settings: { batchSize },
    loader,
    isResumed,
  }: {
    readonly epochs: number;
    readonly settings: Settings;
    readonly loader: Parameters<typeof placeIn>[0];
    readonly isResumed: boolean;
  },
): string {
  if (loader.epoch >= epochs) {
    return `The run in ${path} already has ${loader.epoch} epochs; --epochs is ${epochs}.`;
  }
  if (isResumed) return `Continuing the run in ${path}, after ${placeIn(loader)}.`;
  return `Training with ${batchSize} pictures per step; saved in ${path} after every epoch, and at Ctrl-C.`;
}

function explanationNote(every: number, { batchSize }: Settings): string {
  const which = every === 1 ? "every step" : `every ${every} steps`;
  return (
    `Explaining ${which}, on its own ${batchSize} pictures, in total and by layer: ` +
    "promise is the decrease of the loss that the gradient predicts, paid is the actual decrease."
  );
}
