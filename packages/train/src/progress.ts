import { ArgumentError } from "@stargrad/tensor";
import {
  callable,
  count,
  expectOptions,
  flag,
  hintFor,
  notNegative,
  writeValue,
} from "@stargrad/tensor/internal";

import type { EpochEvent, FitEvent, FitRun, StepEvent } from "./fit.js";

export interface ProgressOptions {
  /** Writes text. Default: the standard error of a process or, in a page, one message of the console for each line. */
  readonly write?: (text: string) => void;
  /** Whether the text is written to a terminal, where a line can be replaced. Default: whether the standard error is one. */
  readonly isTerminal?: boolean;
  /** The width of the terminal. Default: its width, or 80. */
  readonly columns?: number;
  /** Whether nothing is written. Default: false. */
  readonly silent?: boolean;
  /** The time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** How fast a run is. */
export interface Pace {
  /** Steps of each second; 0 before the first. */
  readonly rate: number;
  /** The seconds that the rest takes at this rate; Infinity before the first step. */
  readonly secondsLeft: number;
}

/** The pace of a run that took `done` of its `total` steps, of which the last `counted` took `seconds`. */
export function paceOf(steps: {
  readonly done: number;
  readonly total: number;
  readonly counted?: number;
  readonly seconds: number;
}): Pace {
  const kinds = { done: notNegative, total: notNegative, counted: notNegative, seconds: notNegative };
  expectOptions<Parameters<typeof paceOf>[0]>("paceOf", steps, kinds, ["done", "total", "seconds"]);
  const { done, total, counted = done, seconds } = steps;
  const rate = counted > 0 && seconds > 0 ? counted / seconds : 0;
  return { rate, secondsLeft: done >= total ? 0 : (total - done) / rate };
}

/** Seconds as `0:05`, `12:30` or `1:02:03`; `–:––` if they are not known. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.round(Math.max(0, seconds));
  const two = (part: number): string => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A bar of a fraction, such as `━━━━╌╌╌╌`. */
export function barOf(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return "━".repeat(full) + "╌".repeat(width - full);
}

/**
 * Shows the progress of a run: `await showProgress(fit({ … }))`, or a loop over it as over the run itself. In a terminal, one line shows epoch,
 * bar, loss, metrics, rate and time left. Elsewhere, such as in a log, each epoch is one line without control characters, and a long
 * epoch has one every 30 seconds. The last line sums the run up.
 *
 * Defaults: the standard error; in a page, the console
 * Throws: ArgumentError for what is no run
 */
export function showProgress<Name extends string = never, B = unknown>(
  run: FitRun<Name, B>,
  options: ProgressOptions = {},
): FitRun<Name, B> {
  expectOptions<ProgressOptions>("showProgress", options, kinds);
  const { epochs, [Symbol.asyncIterator]: iterate } = Object(run) as Partial<FitRun>;
  if (typeof iterate !== "function" || typeof epochs !== "number") {
    throw new ArgumentError(
      "showProgress",
      `got ${writeValue(run)}; expected a run`,
      hintFor(run, "Pass that of fit, without await: showProgress(fit({ … }))"),
    );
  }
  if (options.silent === true) return run;
  const shown = show(run, options);
  let history: Promise<readonly EpochEvent<Name>[]> | undefined;
  const then: FitRun<Name, B>["then"] = (resolve, reject) =>
    (history ??= epochsOf(shown)).then(resolve, reject);
  return Object.assign(shown, { then, epochs });
}

const kinds = { write: callable, isTerminal: flag, columns: count, silent: flag, now: callable };

async function epochsOf<Name extends string>(
  run: AsyncIterable<FitEvent<Name, unknown>>,
): Promise<readonly EpochEvent<Name>[]> {
  const epochs: EpochEvent<Name>[] = [];
  for await (const event of run) if (event.event === "epoch") epochs.push(event);
  return epochs;
}

async function* show<Name extends string, B>(
  run: FitRun<Name, B>,
  options: ProgressOptions,
): AsyncGenerator<FitEvent<Name, B>, void, undefined> {
  const report = new Report(run.epochs, options);
  try {
    for await (const event of run) {
      if (event.event === "batch") report.begin();
      else if (event.event === "step") report.step(event);
      else report.epoch(event);
      yield event;
    }
  } finally {
    report.end();
  }
}

/** What is known of the standard error of a process, without an import that a page does not have. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The time between two lines: of a terminal, which would flicker, and of a log, which would be long. */
const [terminalPause, logPause] = [100, 30_000];

class Report {
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  readonly #columns: number;
  readonly #now: () => number;
  #started = NaN;
  #shown = NaN;
  #steps = 0;
  #epochs = 0;
  #last: EpochEvent<string> | StepEvent<string> | null = null;
  #best: { readonly epoch: number; readonly loss: number } | null = null;

  readonly #total: number;

  constructor(
    epochs: number,
    { write, isTerminal, columns, now = () => performance.now() }: ProgressOptions,
  ) {
    this.#total = epochs;
    const stream = (globalThis as { readonly process?: { readonly stderr?: Stream } }).process?.stderr;
    const toConsole = (text: string): void => {
      console.info(text.trimEnd());
    };
    this.#write = write ?? (stream === undefined ? toConsole : (text) => void stream.write(text));
    this.#isTerminal = isTerminal ?? (write === undefined && stream?.isTTY === true);
    this.#columns = columns ?? stream?.columns ?? 80;
    this.#now = now;
  }

  begin(): void {
    if (!Number.isNaN(this.#started)) return;
    this.#started = this.#shown = this.#now();
  }

  step(event: StepEvent<string>): void {
    this.#steps++;
    this.#last = event;
    const time = this.#now();
    if (time - this.#shown < (this.#isTerminal ? terminalPause : logPause)) return;
    this.#shown = time;
    this.#line(this.#progressOf(event), false);
  }

  epoch(event: EpochEvent<string>): void {
    this.begin();
    this.#epochs++;
    this.#last = event;
    const { epoch, epochs, seconds, validation } = event;
    if (validation !== undefined && !(validation.loss >= (this.#best?.loss ?? Infinity))) {
      this.#best = { epoch, loss: validation.loss };
    }
    this.#shown = this.#now();
    const held = validation === undefined ? "" : `  validation ${figures(validation)}`;
    this.#line(`epoch ${epoch}/${epochs}  ${figures(event)}${held}  ${formatSeconds(seconds)}`, true);
  }

  end(): void {
    if (this.#last === null) return;
    const seconds = secondsBetween(this.#started, this.#now());
    const { rate } = paceOf({ done: this.#steps, total: this.#steps, seconds });
    const best =
      this.#best === null
        ? ""
        : `; best validation loss ${short(this.#best.loss)} in epoch ${this.#best.epoch}`;
    const epochs = `${this.#epochs} ${this.#epochs === 1 ? "epoch" : "epochs"}`;
    const pace = `${formatSeconds(seconds)} (${formatRate(rate)})`;
    this.#line(`${epochs}, ${this.#steps} steps in ${pace}; ${figures(this.#last)}${best}`, true);
  }

  #progressOf(event: StepEvent<string>): string {
    const { epoch, step, steps } = event;
    const epochs = this.#total;
    const done = (epoch - 1) * steps + step;
    const seconds = secondsBetween(this.#started, this.#now());
    const { rate, secondsLeft } = paceOf({ done, total: epochs * steps, counted: this.#steps, seconds });
    const bar = this.#isTerminal ? `${barOf(step / steps, 20)} ` : "";
    const left = `${formatRate(rate)}  ${formatSeconds(secondsLeft)} left`;
    return `epoch ${epoch}/${epochs}  ${bar}${step}/${steps}  ${figures(event)}  ${left}`;
  }

  /** Writes a line: in a terminal in the place of the one before, unless that one was kept. */
  #line(text: string, isKept: boolean): void {
    if (!this.#isTerminal) this.#write(`${text}\n`);
    else this.#write(`\r${text.slice(0, Math.max(1, this.#columns - 1))}\u001B[K${isKept ? "\n" : ""}`);
  }
}

/** At least 0, because a clock may be set back while a computer sleeps. */
function secondsBetween(start: number, end: number): number {
  return Math.max(0, end - start) / 1000;
}

function figures({
  loss,
  metrics,
}: {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}): string {
  return ["loss", ...Object.keys(metrics)]
    .map((name, i) => `${name} ${short(i === 0 ? loss : metrics[name])}`)
    .join("  ");
}

function short(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : String(value);
}

function formatRate(rate: number): string {
  return `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)} steps/s`;
}
