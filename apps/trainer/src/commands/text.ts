import { AdamW, Scheduler } from "@stargrad/optim";
import { manualSeed, StargradError } from "@stargrad/tensor";
import { evaluate, restoreCheckpoint, trainStep } from "@stargrad/train";

import { openRun } from "../runs/run.js";
import { secondsSince } from "../terminal/text.js";
import { CharacterTransformer, nextCharacterLoss } from "../text/character-transformer.js";
import { encode, readPassages, trainingPassages, validationPassages } from "../text/passages.js";
import type { Report } from "../text/events.js";
import { reporterFor } from "../text/reporter.js";
import { expectSameText, metadataOf, task } from "../text/run.js";
import { scheduleOf } from "../text/schedule.js";
import type { Settings } from "../text/settings.js";
import { sampleAfter } from "../text/sample.js";

/** Settings that are not given are taken from the checkpoint, or else from the defaults. */
export interface TextOptions extends Partial<Settings> {
  /** The file with the text, or a pipe. */
  readonly data: string;
  /** Where to save the run. Default: nowhere. */
  readonly checkpoint?: string;
  /** Whether to continue the run in that file instead of starting a new one. Default: false. */
  readonly resume?: boolean;
  /** After how many steps to evaluate, to show a sample and to save, each time. */
  readonly every: number;
  /** After which step to pause the run. Default: its last step. */
  readonly stopAfter?: number;
  /** The beginning of every sample. Default: the vocabulary's first character, in most texts the end of a line. */
  readonly prompt?: string;
  /** The sampling temperature. */
  readonly temperature: number;
  readonly json?: boolean;
}

/** Trains a transformer to continue a text, character by character. */
export async function text(textOptions: TextOptions): Promise<void> {
  const { data, checkpoint: path, resume = false, json = false, ...others } = textOptions;
  const { every, stopAfter = Infinity, prompt, temperature, ...requested } = others;
  const started = performance.now();
  const { settings, checkpoint, file } = await openRun({ checkpoint: path, resume }, requested, task);
  const { seed, steps, learningRate, context } = settings;
  const passages = await readPassages(data, { context });
  const { vocabulary, baselines } = passages;
  const promptTokens = encode(prompt ?? vocabulary.characters[0], vocabulary, "--prompt");
  const samples = { vocabulary, prompt: promptTokens, temperature, seed };
  const validation = validationPassages(passages, context);

  manualSeed(seed);
  const model = new CharacterTransformer({ ...settings, characters: vocabulary.size });
  const optimizer = new AdamW(model.parameters(), { learningRate, betas: [0.9, 0.99] });
  const scheduler = new Scheduler(optimizer, scheduleOf(settings));
  const loader = trainingPassages(passages, settings);
  const training = { model, optimizer, loader };
  const learn = trainStep({
    model,
    optimizer,
    loss: ({ x, y }) => ({ loss: nextCharacterLoss(model.forward(x), y) }),
  });
  if (path !== undefined && checkpoint !== null) {
    expectSameText(checkpoint, path, passages);
    restoreCheckpoint(checkpoint, training);
  }

  const currentReport = async (): Promise<Report> => {
    const step = loader.state().position;
    const { loss: validationLoss } = await evaluate(model, validation, { loss: nextCharacterLoss });
    const sample = await sampleAfter(step, model, samples);
    return { step, steps, validationLoss, sample, seconds: secondsSince(started) };
  };

  await file?.lock();
  const reporter = reporterFor({ json });
  try {
    const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    const files = { source: data, destination: path };
    const progress = { step: loader.state().position, steps, every };
    reporter.begin({ ...passages, ...files, ...progress, settings, parameters });
    let report = await currentReport();
    reporter.report(report);
    const last = Math.min(steps, stopAfter);
    if (report.step < last) {
      for await (const { x, y } of loader) {
        const step = loader.state().position;
        scheduler.set(step - 1);
        const loss = await learn({ x, y }).loss.item();
        expectFinite(loss, step);
        await reporter.step({ step, steps, loss, learningRate: optimizer.groups[0].learningRate });
        if (step % every !== 0 && step !== last) continue;
        await file?.save({ ...training, metadata: metadataOf(settings, passages) });
        report = await currentReport();
        reporter.report(report);
        if (step === last) break;
      }
    }
    reporter.done({ ...report, ...baselines });
  } finally {
    reporter.close();
    await file?.release();
  }
}

function expectFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new StargradError(
    "text",
    `the loss is ${loss} at step ${step}`,
    "Is the learning rate too large? The last saved checkpoint is unchanged",
  );
}
