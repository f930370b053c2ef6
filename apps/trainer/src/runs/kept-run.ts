import { StargradError } from "@stargrad/tensor";
import type { Checkpoint, Json, SaveOptions, SaveOutcome, Training } from "@stargrad/train";

import { interrupted, StopSignal } from "../terminal/stop-signal.js";

/** A run that is kept: in a folder, or in one file. One process at a time has it. */
export interface KeptRun {
  /** Of its folder or its file. */
  readonly path: string;
  /** The options with which its command goes on with it. */
  readonly resumeOptions: string;
  /** Restores the training from the newest state that is whole. Null if nothing was saved yet. */
  restore(training: Training): Promise<Checkpoint | null>;
  /** Saves the training. A full disk does not end it, but the outcome says so. */
  save(training: Training, options: SaveOptions): Promise<SaveOutcome>;
  /** Writes numbers to the log, if the run has one. A full disk does not end the training. */
  log(at: number, figures: Readonly<Record<string, number>>): void;
  /** Allows other processes to have the run. */
  close(): Promise<void>;
}

/** A moment after which a run is logged and saved, such as the end of an epoch. */
export interface Milestone {
  /** The number of the epoch or of the step. */
  readonly at: number;
  /** The numbers to log. */
  readonly figures: Readonly<Record<string, number>>;
  /** What to keep the best state by: lower is better. */
  readonly score: number;
  /** Whether the command ends here, before the end of the training. Default: false. */
  readonly isLast?: boolean;
}

/** Tells the person or the program in front of the command. */
interface Told {
  /** Prints a remark that is not an event. */
  note(text: string): void;
  /** Restores the terminal. */
  close(): void;
}

export interface KeepOptions<Event> {
  readonly command: string;
  readonly training: Training;
  /** What a checkpoint says besides, at the time of the call. */
  readonly metadata: () => Readonly<Record<string, Json>>;
  /** Shows an event, and returns what is to be logged and saved after it, if anything. */
  readonly show: (event: Event) => Promise<Milestone | null>;
  readonly reporter: Told;
}

/** How long a run trains before it is saved between two milestones, in milliseconds. */
const saveEvery = 30_000;

/**
 * Trains, and keeps the run: it is saved after each milestone, every 30 s, and at Ctrl-C, which ends it after the step that is being taken, with the
 * status 130. Returns whether the training came to its end.
 *
 * Throws: StargradError if the last steps could not be saved
 */
export async function keep<Event extends { readonly event: string }>(
  run: KeptRun,
  events: AsyncIterable<Event> | Iterable<Event>,
  { command, training, metadata, show, reporter }: KeepOptions<Event>,
): Promise<boolean> {
  const stop = new StopSignal({
    pressed: () => {
      reporter.note("Ctrl-C: the run is saved after this step. Press it again to end at once.");
    },
    restore: () => {
      reporter.close();
    },
  });
  let savedAt = performance.now();
  let saved: SaveOutcome | null = null;
  const save = async (options: SaveOptions = {}): Promise<void> => {
    saved = await run.save(training, { ...options, metadata: metadata() });
    savedAt = performance.now();
  };
  try {
    for await (const event of events) {
      const milestone = await show(event);
      if (milestone !== null) {
        run.log(milestone.at, milestone.figures);
        await save({ score: milestone.score });
      } else if (event.event === "step" && (stop.wasPressed || performance.now() - savedAt > saveEvery)) {
        await save();
      }
      if (milestone?.isLast === true) break;
      // Not before a step, when nothing was saved.
      if (stop.wasPressed && event.event !== "batch") break;
    }
  } finally {
    stop.close();
  }
  const reason = reasonOf(saved);
  if (reason !== null) {
    throw new StargradError(
      run.path,
      `its last steps are not saved: ${reason}`,
      `Then go on, from what was saved before, with: ${command} ${run.resumeOptions}`,
    );
  }
  if (!stop.wasPressed) return true;
  reporter.note(`Stopped and saved. Go on with: ${command} ${run.resumeOptions}`);
  process.exitCode = interrupted;
  return false;
}

/** Why the last save failed; null if it did not. */
function reasonOf(saved: SaveOutcome | null): string | null {
  return saved?.isSaved === false ? saved.reason : null;
}
