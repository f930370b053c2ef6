import { RunningMean, type StepEvent } from "@stargrad/train";

import { ProgressBar } from "../terminal/progress-bar.js";
import { percent, short } from "../terminal/text.js";

/** How far an epoch is, live: a bar, the means of loss and accuracy so far, and the time left. */
export class EpochBar {
  readonly #bar: ProgressBar;
  #loss = new RunningMean();
  #accuracy = new RunningMean();

  constructor(stream: NodeJS.WriteStream) {
    const format = "epoch {epoch}  {bar}  loss {loss}  accuracy {accuracy}  {eta_formatted} left";
    this.#bar = new ProgressBar(stream, format);
  }

  async advance({ epoch, step, steps, loss, metrics }: StepEvent<"accuracy">): Promise<void> {
    this.#loss.add(loss);
    this.#accuracy.add(metrics.accuracy);
    const figures = { epoch, loss: short(this.#loss.value), accuracy: percent(this.#accuracy.value, 1) };
    await this.#bar.advance(step, steps, figures);
  }

  /** Takes the bar away until the next step, so that something can be printed. */
  pause(): void {
    this.#bar.pause();
  }

  /** Takes the bar away until the next epoch begins. */
  clear(): void {
    this.pause();
    this.#loss = new RunningMean();
    this.#accuracy = new RunningMean();
  }

  /** Takes the bar away for good and gives the cursor back. */
  close(): void {
    this.#bar.close();
  }
}
