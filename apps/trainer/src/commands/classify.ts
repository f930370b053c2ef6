import { resolve } from "node:path";

import { fit, type EpochEvent } from "@stargrad/train";

import { descriptionOf, encodeDescription } from "../classify/description.js";
import { ClassifyReporter } from "../classify/reporter.js";
import { fingerprintOfData, trainingOf, usualSettings } from "../classify/run.js";
import { readSource, type SourceName } from "../classify/sources.js";
import { taskOf, type RunSettings } from "../classify/task.js";
import type { Data } from "../dashboard/data.js";
import type { Split } from "../dashboard/split.js";
import { epochMilestone, placeIn } from "../runs/epochs.js";
import { keep } from "../runs/kept-run.js";
import { findRun } from "../runs/run.js";
import { secondsSince } from "../terminal/text.js";
import { percent } from "../words/numbers.js";

export interface ClassifyOptions extends Partial<RunSettings> {
  readonly data?: string;
  /** The folder of a new run. Default: a new one in `runs`. */
  readonly run?: string;
  /** A run to go on with, by its path or by its name in `runs`. */
  readonly resume?: string;
  readonly json?: boolean;
}

/** Trains a classifier, and keeps the run in a folder. */
export async function classify(command: SourceName, options: ClassifyOptions): Promise<void> {
  const { data: files, run: at, resume, json = false, ...requested } = options;
  const started = performance.now();
  const found = await findRun({ data: files, run: at, resume }, requested, taskOf(command));
  const target = found.settings?.target ?? requested.target ?? undefined;
  const data = await readSource(command, { data: found.data ?? undefined, target });
  // In the order of the task's rules, in which settings are read again: equal runs make equal files.
  const settings = found.settings ?? { target: data.target ?? null, ...usualSettings(data), ...requested };
  const { training, split, scale } = trainingOf(data, settings);
  const fingerprint = fingerprintOfData(data);
  const metadata = {
    ...encodeDescription(descriptionOf(data, scale)),
    lesson: command,
    settings: { ...settings },
    fingerprint,
  };
  const path = found.data === null ? null : resolve(found.data);
  const run = await found.open({ settings, data: path, fingerprint });
  const reporter = new ClassifyReporter({ json });
  try {
    for (const note of data.notes) reporter.note(`${note[0].toUpperCase()}${note.slice(1)}.`);
    const restored = await run.restore(training);
    const { loader } = training;
    const where =
      restored === null
        ? `The run is in ${run.path}.`
        : `Going on with the run in ${run.path}, after ${placeIn(loader)}.`;
    reporter.note(`${introduction(data, split)} ${where}`);
    let last: EpochEvent<"accuracy"> | null = null;
    // `fit` would warn that nothing is left.
    const events = loader.epoch < settings.epochs ? fit(training) : [];
    const ended = await keep(run, events, {
      command,
      training,
      metadata: () => metadata,
      reporter,
      show: async (event) => {
        if (event.event === "step") await reporter.step(event);
        if (event.event !== "epoch") return null;
        last = event;
        reporter.epoch(event);
        return epochMilestone(event);
      },
    });
    if (ended) finish(reporter, run.path, last, secondsSince(started));
  } finally {
    reporter.close();
    await run.close();
  }
}

function introduction({ name, classes }: Data, { training, heldOut, leaks }: Split): string {
  const shown = classes.length > 12 ? `${classes.slice(0, 12).join(", ")} …` : classes.join(", ");
  const leaked =
    leaks.length === 0
      ? ""
      : ` ${leaks.length} more are left out, because they are also among those to train on.`;
  return `${name}: ${training.length} examples to train on, ${heldOut.length} held out, ${classes.length} classes (${shown}).${leaked}`;
}

function finish(
  reporter: ClassifyReporter,
  path: string,
  last: EpochEvent<"accuracy"> | null,
  seconds: number,
): void {
  if (last === null) {
    reporter.done({ path, seconds }, `The run in ${path} has all its epochs already.`);
    return;
  }
  const { accuracy } = last.validation?.metrics ?? last.metrics;
  reporter.done(
    { path, accuracy, heldOutLoss: last.validation?.loss ?? null, seconds },
    `Right on ${percent(accuracy, 1)} of the examples that were held out. ${seconds.toFixed(1)} s in all. Ask it about new files: predict ${path} FILES`,
  );
}
