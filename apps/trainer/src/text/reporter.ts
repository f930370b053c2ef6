import { RunningMean } from "@stargrad/train";

import { isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { short } from "../terminal/text.js";
import type { Beginning, Outcome, Report, Step } from "./events.js";
import { introductionLines, outcomeLines, reportLine, sampleLines } from "./words.js";

/** Tells somebody how a run is going. */
export interface Reporter {
  begin(beginning: Beginning): void;
  step(step: Step): void | Promise<void>;
  report(report: Report): void;
  done(outcome: Outcome): void;
  /** Leaves the terminal as it was found, also after an error. */
  close(): void;
}

/** For a program, for a person at a terminal, or for a file. */
export function reporterFor({ json }: { readonly json: boolean }): Reporter {
  if (json) return new JsonReporter();
  return isTerminal(process.stdout) ? new TerminalReporter() : new LineReporter();
}

class JsonReporter implements Reporter {
  begin({ characters, vocabulary, validation, parameters, baselines, settings }: Beginning): void {
    const figures = { characters, vocabulary: vocabulary.size, validation: validation.length, parameters };
    writeJsonLine({ event: "start", ...figures, ...baselines, settings });
  }

  step(step: Step): void {
    writeJsonLine({ event: "step", ...step });
  }

  report(report: Report): void {
    writeJsonLine({ event: "validation", ...report });
  }

  done({ sample: _, ...outcome }: Outcome): void {
    writeJsonLine({ event: "done", ...outcome });
  }

  close(): void {
    // A program leaves nothing open.
  }
}

class LineReporter implements Reporter {
  #loss = new RunningMean();

  begin(beginning: Beginning): void {
    console.log(introductionLines(beginning).join("\n"));
  }

  step({ loss }: Step): void | Promise<void> {
    this.#loss.add(loss);
  }

  report(report: Report): void {
    console.log(`\n${[reportLine(report, this.loss), ...sampleLines(report.sample)].join("\n")}`);
    this.#loss = new RunningMean();
  }

  done(outcome: Outcome): void {
    console.log(`\n${outcomeLines(outcome).join("\n")} ${outcome.seconds.toFixed(1)} s in all.`);
  }

  close(): void {
    // What was printed stays.
  }

  /** The mean over the steps since the last report; NaN if there was none. */
  protected get loss(): number {
    return this.#loss.value;
  }
}

/** Lines, and below them a bar for the run. */
class TerminalReporter extends LineReporter {
  readonly #bar = new ProgressBar(
    process.stdout,
    "step {value}/{total}  {bar}  loss {loss}  {eta_formatted} left",
  );

  override async step(step: Step): Promise<void> {
    await super.step(step);
    await this.#bar.advance(step.step, step.steps, { loss: short(this.loss) });
  }

  override report(report: Report): void {
    this.#bar.pause();
    super.report(report);
  }

  override close(): void {
    this.#bar.close();
  }
}
