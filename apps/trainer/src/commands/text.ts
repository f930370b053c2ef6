import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { AdamW } from "@stargrad/optim";
import { manualSeed } from "@stargrad/tensor";
import { evaluate, fit } from "@stargrad/train";

import { fingerprintOf } from "../runs/fingerprint.js";
import { keep } from "../runs/kept-run.js";
import { expectData, findRun, type RunOptions } from "../runs/run.js";
import { secondsSince } from "../terminal/text.js";
import { CharacterTransformer, nextCharacterLoss } from "../text/character-transformer.js";
import { encode, readPassages, trainingPassages, validationPassages } from "../text/passages.js";
import type { Report } from "../text/events.js";
import { reporterFor } from "../text/reporter.js";
import { completed, expectSameText, metadataOf, task } from "../text/run.js";
import { scheduleOf } from "../text/schedule.js";
import type { Settings } from "../text/settings.js";
import { sampleAfter } from "../text/sample.js";

/** Settings that are not given are taken from the run that goes on, or else from the defaults. */
export interface TextOptions extends RunOptions, Partial<Settings> {
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

/** Trains a transformer to continue a text, character by character, and keeps the run. */
export async function text(textOptions: TextOptions): Promise<void> {
  const { run: at, resume, checkpoint, data: file, json = false, ...others } = textOptions;
  const { every, stopAfter = Infinity, prompt, temperature, ...requested } = others;
  const started = performance.now();
  const found = await findRun({ run: at, resume, checkpoint, data: file }, requested, task);
  const settings = found.settings ?? completed(requested);
  const { seed, steps, learningRate, context } = settings;
  const data = expectData("text", found.data);
  const passages = await readPassages(data, { context });
  const { vocabulary, baselines } = passages;
  const promptTokens = encode(prompt ?? vocabulary.characters[0], vocabulary, "--prompt");
  const samples = { vocabulary, prompt: promptTokens, temperature, seed };
  const validation = validationPassages(passages, context);
  if (found.checkpoint !== null) expectSameText(found.checkpoint, checkpoint ?? data, passages);
  const fingerprint = fingerprintOf(vocabulary.characters.join(""), passages.training, passages.validation);

  manualSeed(seed);
  const model = new CharacterTransformer({ ...settings, characters: vocabulary.size });
  const optimizer = new AdamW(model.parameters(), { learningRate, betas: [0.9, 0.99] });
  const loader = trainingPassages(passages, settings);
  const training = { model, optimizer, loader, loss: nextCharacterLoss, schedule: scheduleOf(settings) };

  const currentReport = async (): Promise<Report> => {
    const step = loader.state().position;
    const { loss: validationLoss } = await evaluate(model, validation, { loss: nextCharacterLoss });
    const sample = await sampleAfter(step, model, samples);
    return { step, steps, validationLoss, sample, seconds: secondsSince(started) };
  };

  // A pipe, or a file that a shell hands on, is not there again.
  const isFile = !data.startsWith("/dev/") && (await stat(data)).isFile();
  const run = await found.open({ settings, data: isFile ? resolve(data) : null, fingerprint });
  const reporter = reporterFor({ json });
  try {
    await run.restore(training);
    const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    const files = { source: data, destination: run.path };
    const progress = { step: loader.state().position, steps, every };
    reporter.begin({ ...passages, ...files, ...progress, settings, parameters });
    let report = await currentReport();
    reporter.report(report);
    const last = Math.min(steps, stopAfter);
    // The whole run is one epoch.
    const events = report.step < last ? fit({ ...training, epochs: 1 }) : [];
    const ended = await keep(run, events, {
      command: `text${checkpoint === undefined && isFile ? "" : ` --data ${data}`}`,
      training,
      metadata: () => metadataOf(settings, passages, fingerprint),
      reporter,
      show: async (event) => {
        if (event.event !== "step") return null;
        const { step, loss } = event;
        await reporter.step({ step, steps, loss, learningRate: optimizer.groups[0].learningRate });
        if (step % every !== 0 && step !== last) return null;
        report = await currentReport();
        reporter.report(report);
        const { validationLoss } = report;
        return {
          at: step,
          figures: { loss, heldOutLoss: validationLoss, seconds: report.seconds },
          score: validationLoss,
          isLast: step === last,
        };
      },
    });
    if (ended) reporter.done({ ...report, ...baselines });
  } finally {
    reporter.close();
    await run.close();
  }
}
