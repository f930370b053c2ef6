import type { EpochEvent } from "@stargrad/train";

import { yieldToEventLoop } from "../event-loop.js";
import { isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { inLines } from "../terminal/report-error.js";
import { percent, short } from "../words/numbers.js";
import { EpochBar } from "./epoch-bar.js";
import { explanationLines } from "./explanation-lines.js";
import type { ExplanationEvent, TrainingEvent } from "./explanations.js";

/** The result of a run. */
export interface Outcome {
  /** Measured during the last epoch; null before the end of the first. */
  readonly trainAccuracy: number | null;
  readonly testAccuracy: number;
  /** The duration of the command. */
  readonly seconds: number;
}

/** Reports the progress of a run. */
export interface Reporter {
  /** Prints a remark that is not an event. */
  note(text: string): void;
  /** Lets Ctrl-C be noticed, too. */
  show(event: TrainingEvent): Promise<void>;
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

  async show(event: TrainingEvent): Promise<void> {
    await yieldToEventLoop();
    if (event.event === "explanation") {
      writeJsonLine(figuresOf(event));
    } else if (event.event === "step") {
      const { metrics, ...figures } = event;
      writeJsonLine({ ...figures, ...metrics });
    } else {
      const { metrics, validation, ...figures } = event;
      const test = validation && { testLoss: validation.loss, testAccuracy: validation.metrics.accuracy };
      writeJsonLine({ ...figures, ...metrics, ...test });
    }
  }

  done(outcome: Outcome): void {
    writeJsonLine({ event: "done", ...outcome });
  }

  close(): void {
    // JSON lines change nothing in a terminal.
  }
}

class LineReporter implements Reporter {
  note(text: string): void {
    console.log(inLines(text, process.stdout));
  }

  async show(event: TrainingEvent): Promise<void> {
    await yieldToEventLoop();
    if (event.event === "epoch") console.log(epochLine(event));
    if (event.event === "explanation") console.log(explanationLines(event).join("\n"));
  }

  done({ trainAccuracy, testAccuracy, seconds }: Outcome): void {
    const training =
      trainAccuracy === null ? "" : `, and on ${percent(trainAccuracy, 1)} of the training pictures`;
    this.note(
      `Right on ${percent(testAccuracy, 1)} of the test pictures, which it did not train on${training}. ` +
        `${seconds.toFixed(1)} s in all.`,
    );
  }

  close(): void {
    // Printed lines stay.
  }
}

/** Prints lines and, below them, a progress bar for the current epoch. */
class TerminalReporter extends LineReporter {
  readonly #bar = new EpochBar(process.stdout);

  override note(text: string): void {
    this.#bar.pause();
    super.note(text);
  }

  override async show(event: TrainingEvent): Promise<void> {
    if (event.event === "step") {
      await this.#bar.advance(event);
    } else {
      if (event.event === "epoch") this.#bar.clear();
      else this.#bar.pause();
      await super.show(event);
    }
  }

  override close(): void {
    this.#bar.close();
  }
}

function epochLine({ epoch, epochs, loss, metrics, validation, seconds }: EpochEvent<"accuracy">): string {
  const accuracy = percent(metrics.accuracy, 1);
  const test = validation === undefined ? "" : `  test ${percent(validation.metrics.accuracy, 1)}`;
  return `epoch ${epoch}/${epochs}  loss ${short(loss)}  accuracy ${accuracy}${test}  ${seconds.toFixed(1)} s`;
}

/** The JSON of an explanation: the numbers of the whole step and of each layer. */
function figuresOf({ explanation, ...position }: ExplanationEvent): {
  readonly event: string;
  readonly [field: string]: unknown;
} {
  const { lossBefore, lossAfter, promise, paid, unexplained, moved, gradients } = explanation;
  const layers = Object.fromEntries(explanation.byLayer());
  return { ...position, lossBefore, lossAfter, promise, paid, unexplained, moved, gradients, layers };
}
