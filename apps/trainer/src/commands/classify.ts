import { join, resolve } from "node:path";

import { StargradError } from "@stargrad/tensor";
import {
  fit,
  JsonLinesLog,
  readRunFolder,
  RunFolder,
  type EpochEvent,
  type SaveOutcome,
} from "@stargrad/train";

import { readConfig, type RunConfig } from "../classify/config.js";
import { ClassifyReporter } from "../classify/reporter.js";
import { describe, trainingOf, usualSettings, type ClassifySettings } from "../classify/run.js";
import { readSource, type SourceName } from "../classify/sources.js";
import { existingRun, newRunFolder } from "../runs/run-places.js";
import { interrupted, StopSignal } from "../terminal/stop-signal.js";
import { secondsSince } from "../terminal/text.js";
import { percent } from "../words/numbers.js";

export interface ClassifyOptions extends Partial<ClassifySettings> {
  readonly data?: string;
  readonly target?: string;
  /** The folder of a new run. Default: a new one in `runs`. */
  readonly run?: string;
  /** A run to go on with, by its path or by its name in `runs`. */
  readonly resume?: string;
  readonly json?: boolean;
}

/** How long a run trains before it is saved in the middle of an epoch, in milliseconds. */
const saveEvery = 30_000;

/**
 * Trains a classifier in a run folder: its settings, a log, and checkpoints from which it goes on. Ctrl-C saves it, and ends with the
 * status 130.
 */
export async function classify(command: SourceName, options: ClassifyOptions): Promise<void> {
  const started = performance.now();
  const reporter = new ClassifyReporter({ json: options.json ?? false });
  const stop = new StopSignal(() => {
    reporter.close();
  });
  try {
    const { path, config, data } = await begin(command, options);
    for (const note of data.notes) reporter.note(`${note[0].toUpperCase()}${note.slice(1)}.`);
    const run = await RunFolder.open(path, { config: { ...config } });
    try {
      if (options.resume === undefined && run.checkpoints.length > 0) {
        throw new StargradError(
          path,
          "has a run already",
          `Go on with it with --resume ${path}, or name another folder`,
        );
      }
      const { training, split, scale } = trainingOf(data, config);
      const metadata = describe(data, scale);
      const restored = await run.restore(training);
      reporter.note(introduction(path, data, split, training.loader.epoch, restored !== null));
      const log = new JsonLinesLog(join(path, "log.jsonl"));
      let savedAt = performance.now();
      let last: EpochEvent<"accuracy"> | null = null;
      let saved: SaveOutcome | null = null;
      // `fit` would warn that nothing is left.
      const events = training.loader.epoch < config.epochs ? fit(training) : [];
      for await (const event of events) {
        if (event.event === "epoch") {
          last = event;
          reporter.epoch(event);
          log.log(event.epoch, figuresOf(event));
          const score = event.validation?.loss ?? event.loss;
          saved = await run.save(training, { score, metadata });
          savedAt = performance.now();
        } else if (event.event === "step") {
          await reporter.step(event);
          const isTime = performance.now() - savedAt > saveEvery;
          if (isTime || stop.wasPressed) saved = await run.save(training, { metadata });
          if (isTime) savedAt = performance.now();
        }
        // Not before a step, when nothing was saved.
        if (stop.wasPressed && event.event !== "batch") break;
      }
      log.close();
      if (stop.wasPressed) {
        if (saved?.isSaved === false) {
          throw new StargradError(path, `was stopped, and its last steps are not saved: ${saved.reason}`);
        }
        reporter.note(`Stopped and saved. Go on with: ${command} --resume ${path}`);
        process.exitCode = interrupted;
        return;
      }
      finish(reporter, { path, last, best: run.best?.path ?? null, seconds: secondsSince(started) });
    } finally {
      await run.close();
    }
  } finally {
    reporter.close();
    stop.close();
  }
}

/** The folder and the settings of a new run, or of one that goes on, and its data. */
async function begin(
  command: SourceName,
  { data: files, target, run, resume, json: _, ...requested }: ClassifyOptions,
) {
  if (resume !== undefined) {
    const path = await existingRun(resume);
    const config = readConfig(path, (await readRunFolder(path)).config);
    if (config.command !== command)
      throw new StargradError(path, `is a run of \`${config.command}\`; this is \`${command}\``);
    expectSame(path, config, { ...requested, ...(target !== undefined && { target }) });
    return {
      path,
      config,
      data: await readSource(command, {
        data: files ?? config.data ?? undefined,
        target: config.target ?? undefined,
      }),
    };
  }
  const data = await readSource(command, { data: files, target });
  const config: RunConfig = {
    command,
    data: files === undefined ? null : resolve(files),
    target: data.target ?? null,
    ...usualSettings(data),
    ...requested,
  };
  return { path: run ?? (await newRunFolder(command)), config, data };
}

/** Throws: StargradError if a setting is given that the run does not have */
function expectSame(path: string, config: RunConfig, requested: Partial<RunConfig>): void {
  for (const [name, value] of Object.entries(requested)) {
    const before = config[name as keyof RunConfig];
    if (value === before) continue;
    throw new StargradError(
      path,
      `its run was started with ${name} ${before}, now it is ${value}`,
      "The settings of a run cannot change: leave them out, or begin a new run",
    );
  }
}

function introduction(
  path: string,
  { name, classes }: { readonly name: string; readonly classes: readonly string[] },
  {
    training,
    heldOut,
    leaks,
  }: { readonly training: Int32Array; readonly heldOut: Int32Array; readonly leaks: readonly unknown[] },
  epoch: number,
  isResumed: boolean,
): string {
  const shown = classes.length > 12 ? `${classes.slice(0, 12).join(", ")} …` : classes.join(", ");
  const leaked =
    leaks.length === 0
      ? ""
      : ` ${leaks.length} more are left out, because they are also among those to train on.`;
  const where = isResumed
    ? `Going on with the run in ${path}, after epoch ${epoch}.`
    : `The run is in ${path}.`;
  return `${name}: ${training.length} examples to train on, ${heldOut.length} held out, ${classes.length} classes (${shown}).${leaked} ${where}`;
}

function figuresOf({ loss, metrics, validation, seconds }: EpochEvent<"accuracy">): Record<string, number> {
  return {
    loss,
    accuracy: metrics.accuracy,
    ...(validation && { heldOutLoss: validation.loss, heldOutAccuracy: validation.metrics.accuracy }),
    seconds,
  };
}

function finish(
  reporter: ClassifyReporter,
  {
    path,
    last,
    best,
    seconds,
  }: {
    readonly path: string;
    readonly last: EpochEvent<"accuracy"> | null;
    readonly best: string | null;
    readonly seconds: number;
  },
): void {
  if (last === null) {
    reporter.done({ path, seconds }, `The run in ${path} has all its epochs already.`);
    return;
  }
  const { accuracy } = last.validation?.metrics ?? last.metrics;
  reporter.done(
    { path, best, accuracy, heldOutLoss: last.validation?.loss ?? null, seconds },
    `Right on ${percent(accuracy, 1)} of the examples that were held out. ${seconds.toFixed(1)} s in all. Ask it about new files: predict ${path} FILES`,
  );
}
