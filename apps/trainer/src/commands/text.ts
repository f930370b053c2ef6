import { AdamW, Scheduler } from "@stargrad/optim";
import { manualSeed, StargradError } from "@stargrad/tensor";
import { evaluate, restoreCheckpoint, saveCheckpoint, trainStep } from "@stargrad/train";

import { openRun } from "../runs/run.js";
import { CharacterTransformer, surprise } from "../text/character-transformer.js";
import { encode, readPassages, trainingPassages, validationPassages } from "../text/passages.js";
import type { Report } from "../text/events.js";
import { reporterFor } from "../text/reporter.js";
import { expectSameText, lesson, metadataOf, scheduleOf } from "../text/run.js";
import type { Settings } from "../text/settings.js";
import { sampleAfter } from "../text/sample.js";

/** Settings that are not asked for are the checkpoint's, or the defaults. */
export interface TextOptions extends Partial<Settings> {
  /** The text to learn. */
  readonly data: string;
  /** Where to save the run. Default: nowhere. */
  readonly checkpoint?: string;
  /** Whether it goes on from there, or starts there. Default: false. */
  readonly resume?: boolean;
  /** After how many steps to measure, to show a sample and to save, again and again. */
  readonly every: number;
  /** After which step to pause the run. Default: at its end. */
  readonly stopAfter?: number;
  /** What samples begin with. Default: the vocabulary's first character, in most texts the end of a line. */
  readonly prompt?: string;
  /** How daring samples are. */
  readonly temperature: number;
  readonly json?: boolean;
}

/** Teaches a transformer to go on with a text, character by character. */
export async function text(textOptions: TextOptions): Promise<void> {
  const { data, checkpoint: path, resume = false, json = false, ...others } = textOptions;
  const { every, stopAfter = Infinity, prompt, temperature, ...asked } = others;
  const started = performance.now();
  const { settings, checkpoint } = await openRun({ checkpoint: path, resume }, asked, lesson);
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
    loss: ({ x, y }) => ({ loss: surprise(model.forward(x), y) }),
  });
  if (path !== undefined && checkpoint !== null) {
    expectSameText(checkpoint, path, passages);
    restoreCheckpoint(checkpoint, training);
  }

  const standing = async (): Promise<Report> => {
    const step = loader.state().position;
    const { loss: validationLoss } = await evaluate(model, validation, { loss: surprise });
    const sample = await sampleAfter(step, model, samples);
    return { step, steps, validationLoss, sample, seconds: (performance.now() - started) / 1000 };
  };

  const reporter = reporterFor({ json });
  try {
    const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    const place = { source: data, destination: path, step: loader.state().position, steps, every };
    reporter.begin({ ...passages, ...place, settings, parameters });
    let report = await standing();
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
        if (path !== undefined) {
          await saveCheckpoint(path, { ...training, metadata: metadataOf(settings, passages) });
        }
        report = await standing();
        reporter.report(report);
        if (step === last) break;
      }
    }
    reporter.done({ ...report, ...baselines });
  } finally {
    reporter.close();
  }
}

function expectFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new StargradError(
    "text",
    `the loss is ${loss} at step ${step}`,
    "Is the learning rate too large? What was saved before is untouched",
  );
}
