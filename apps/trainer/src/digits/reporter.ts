import type { EpochEvent } from "@stargrad/train";

import { isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { percent, short } from "../terminal/text.js";
import { EpochBar } from "./epoch-bar.js";
import { explanationLines } from "./explanation-lines.js";
import type { ExplanationEvent, TrainingEvent } from "./explanations.js";

/** What a run came to. */
export interface Outcome {
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** How long the command took. */
  readonly seconds: number;
}

/** Tells somebody how a run is going. */
export interface Reporter {
  /** What is about to happen, or has happened besides. */
  note(text: string): void;
  show(event: TrainingEvent): void | Promise<void>;
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
  note(text: string): void {
    console.error(text);
  }

  show(event: TrainingEvent): void {
    if (event.event === "explanation") {
      writeJsonLine(figuresOf(event));
    } else {
      const { metrics, ...figures } = event;
      writeJsonLine({ ...figures, ...metrics });
    }
  }

  done(outcome: Outcome): void {
    writeJsonLine({ event: "done", ...outcome });
  }

  close(): void {
    // A program leaves nothing open.
  }
}

class LineReporter implements Reporter {
  note(text: string): void {
    console.log(text);
  }

  show(event: TrainingEvent): void | Promise<void> {
    if (event.event === "epoch") console.log(epochLine(event));
    if (event.event === "explanation") console.log(explanationLines(event).join("\n"));
  }

  done({ trainAccuracy, testAccuracy, seconds }: Outcome): void {
    console.log(
      `Right on ${percent(testAccuracy, 1)} of the test pictures, never seen before, ` +
        `and ${percent(trainAccuracy, 1)} of the others. ${seconds.toFixed(1)} s in all.`,
    );
  }

  close(): void {
    // What was printed stays.
  }
}

/** Lines, and below them a bar for the epoch that is running. */
class TerminalReporter extends LineReporter {
  readonly #bar = new EpochBar(process.stdout);

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

function epochLine({ epoch, epochs, loss, metrics, seconds }: EpochEvent<"accuracy">): string {
  const accuracy = percent(metrics.accuracy, 1);
  return `epoch ${epoch}/${epochs}  loss ${short(loss)}  accuracy ${accuracy}  ${seconds.toFixed(1)} s`;
}

/** What a program is told of a step: the account as a whole and by layer. */
function figuresOf({ explanation, ...place }: ExplanationEvent): {
  readonly event: string;
  readonly [field: string]: unknown;
} {
  const { lossBefore, lossAfter, promise, paid, unexplained, moved, gradients } = explanation;
  const layers = Object.fromEntries(explanation.byLayer());
  return { ...place, lossBefore, lossAfter, promise, paid, unexplained, moved, gradients, layers };
}
