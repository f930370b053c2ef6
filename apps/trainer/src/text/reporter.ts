import { RunningMean } from "@stargrad/train";

import { yieldToEventLoop } from "../event-loop.js";
import { isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { inLines } from "../terminal/report-error.js";
import { lineWidth, wrap } from "../terminal/text.js";
import { short } from "../words/numbers.js";
import type { Beginning, Outcome, Report, TrainingStep } from "./events.js";
import { introductionLines, outcomeLines, reportLine, sampleLines } from "./words.js";

/** Reports the progress of a run. */
export interface Reporter {
  /** Prints a remark that is not an event. */
  note(text: string): void;
  begin(beginning: Beginning): void;
  /** Lets Ctrl-C be noticed, too. */
  step(step: TrainingStep): Promise<void>;
  report(report: Report): void;
  done(outcome: Outcome): void;
  /** Restores the terminal, also after an error. */
  close(): void;
}

/** The reporter for the standard output: a program (`--json`), a terminal, or a file. */
export function reporterFor({ json }: { readonly json: boolean }): Reporter {
  if (json) return new JsonReporter();
  return isTerminal(process.stdout) ? new TerminalReporter() : new LineReporter();
}

class JsonReporter implements Reporter {
  note(text: string): void {
    console.error(inLines(text, process.stderr));
  }

  begin({ characters, vocabulary, validation, parameters, baselines, settings }: Beginning): void {
    const figures = { characters, vocabulary: vocabulary.size, validation: validation.length, parameters };
    writeJsonLine({ event: "start", ...figures, ...baselines, settings });
  }

  async step(step: TrainingStep): Promise<void> {
    writeJsonLine({ event: "step", ...step });
    await yieldToEventLoop();
  }

  report(report: Report): void {
    writeJsonLine({ event: "validation", ...report });
  }

  done({ sample: _, ...outcome }: Outcome): void {
    writeJsonLine({ event: "done", ...outcome });
  }

  close(): void {
    // JSON lines change nothing in a terminal.
  }
}

class LineReporter implements Reporter {
  #loss = new RunningMean();

  note(text: string): void {
    console.log(inLines(text, process.stdout));
  }

  begin(beginning: Beginning): void {
    console.log(introductionLines(beginning, this.width).join("\n"));
  }

  async step({ loss }: TrainingStep): Promise<void> {
    this.#loss.add(loss);
    await yieldToEventLoop();
  }

  report(report: Report): void {
    console.log(`\n${[reportLine(report, this.loss), ...sampleLines(report.sample, this.width)].join("\n")}`);
    this.#loss = new RunningMean();
  }

  done(outcome: Outcome): void {
    const [model, bigram] = outcomeLines(outcome);
    const lines = [model, `${bigram} ${outcome.seconds.toFixed(1)} s in all.`];
    console.log(`\n${lines.flatMap((line) => wrap(line, this.width)).join("\n")}`);
  }

  close(): void {
    // Printed lines stay.
  }

  /** The width of the lines. */
  protected get width(): number {
    return lineWidth(process.stdout);
  }

  /** The mean loss over the steps since the last report; NaN if there were none. */
  protected get loss(): number {
    return this.#loss.value;
  }
}

/** Prints lines and, below them, a progress bar for the run. */
class TerminalReporter extends LineReporter {
  readonly #bar = new ProgressBar(
    process.stdout,
    "step {value}/{total}  {bar}  loss {loss}  {eta_formatted} left",
  );

  override async step(step: TrainingStep): Promise<void> {
    await super.step(step);
    await this.#bar.advance(step.step, step.steps, { loss: short(this.loss) });
  }

  override note(text: string): void {
    this.#bar.pause();
    super.note(text);
  }

  override report(report: Report): void {
    this.#bar.pause();
    super.report(report);
  }

  override close(): void {
    this.#bar.pause();
  }
}
