import { RunningMean, type EpochEvent, type StepEvent } from "@stargrad/train";

import { yieldToEventLoop } from "../event-loop.js";
import { isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { inLines } from "../terminal/report-error.js";
import { percent, short } from "../words/numbers.js";

/** What a run tells on its way: to a program (`--json`), to a terminal with a bar, or as lines to a file. */
export class ClassifyReporter {
  readonly #isJson: boolean;
  readonly #bar: ProgressBar | null;
  #loss = new RunningMean();

  constructor({ json }: { readonly json: boolean }) {
    this.#isJson = json;
    const format = "epoch {epoch}  {bar}  loss {loss}  {eta_formatted} left";
    this.#bar = !json && isTerminal(process.stdout) ? new ProgressBar(process.stdout, format) : null;
  }

  /** A remark that is no event. */
  note(text: string): void {
    this.#bar?.pause();
    if (this.#isJson) console.error(inLines(text, process.stderr));
    else console.log(inLines(text, process.stdout));
  }

  /** Lets Ctrl-C be noticed, too. */
  async step({ epoch, step, steps, loss }: StepEvent<"accuracy">): Promise<void> {
    this.#loss.add(loss);
    if (this.#bar === null) await yieldToEventLoop();
    else await this.#bar.advance(step, steps, { epoch, loss: short(this.#loss.value) });
  }

  epoch(event: EpochEvent<"accuracy">): void {
    this.#loss = new RunningMean();
    this.#bar?.pause();
    const { epoch, epochs, loss, metrics, validation, seconds } = event;
    if (this.#isJson) {
      writeJsonLine({
        event: "epoch",
        epoch,
        epochs,
        loss,
        ...metrics,
        heldOut: validation && { loss: validation.loss, ...validation.metrics },
        seconds,
      });
      return;
    }
    const heldOut =
      validation === undefined
        ? ""
        : `  held out: loss ${short(validation.loss)}, right ${percent(validation.metrics.accuracy, 1)}`;
    console.log(
      `epoch ${epoch}/${epochs}  loss ${short(loss)}  right ${percent(metrics.accuracy, 1)}${heldOut}  ${seconds.toFixed(1)} s`,
    );
  }

  done(outcome: { readonly [name: string]: unknown }, text: string): void {
    if (this.#isJson) writeJsonLine({ event: "done", ...outcome });
    else this.note(text);
  }

  close(): void {
    this.#bar?.pause();
  }
}
