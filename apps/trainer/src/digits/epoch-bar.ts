import { RunningMean, type StepEvent } from "@stargrad/train";

import { ProgressBar } from "../terminal/progress-bar.js";
import { percent, short } from "../words/numbers.js";

/** Shows the progress of an epoch: a bar, the means of loss and accuracy so far, and the remaining time. */
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

  /** Removes the bar until the next step, so that other text can be printed. */
  pause(): void {
    this.#bar.pause();
  }

  /** Removes the bar and resets the means, for the next epoch. */
  clear(): void {
    this.pause();
    this.#loss = new RunningMean();
    this.#accuracy = new RunningMean();
  }

  /** Removes the bar for good and shows the cursor again. */
  close(): void {
    this.#bar.pause();
  }
}
