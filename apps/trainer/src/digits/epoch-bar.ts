import { setImmediate } from "node:timers/promises";

import { RunningMean, type StepEvent } from "@stargrad/train";
import { Presets, SingleBar } from "cli-progress";

import { beforeInterrupt } from "../terminal/interrupt.js";
import { percent, short } from "../terminal/text.js";

/** How far an epoch is, live: a bar, the means of loss and accuracy so far, and the time left. */
export class EpochBar {
  readonly #bar: SingleBar;
  readonly #ignoreInterrupts: () => void;
  #loss = new RunningMean();
  #accuracy = new RunningMean();

  constructor(stream: NodeJS.WriteStream) {
    const format = "epoch {epoch}  {bar}  loss {loss}  accuracy {accuracy}  {eta_formatted} left";
    this.#bar = new SingleBar(
      { format, stream, hideCursor: true, clearOnComplete: true, barsize: 30, gracefulExit: false },
      Presets.shades_classic,
    );
    this.#ignoreInterrupts = beforeInterrupt(() => {
      this.clear();
    });
  }

  async advance({ epoch, step, steps, loss, metrics }: StepEvent<"accuracy">): Promise<void> {
    this.#loss.add(loss);
    this.#accuracy.add(metrics.accuracy);
    const figures = { epoch, loss: short(this.#loss.value), accuracy: percent(this.#accuracy.value, 1) };
    if (this.#bar.isActive) this.#bar.update(step, figures);
    else this.#bar.start(steps, step, figures);
    // Lets timers and Ctrl-C through: waiting for figures alone never leaves the queue of promises.
    await setImmediate();
  }

  /** Takes the bar away until the next step, so that something can be printed. */
  pause(): void {
    this.#bar.stop();
  }

  /** Takes the bar away until the next epoch begins. */
  clear(): void {
    this.pause();
    this.#loss = new RunningMean();
    this.#accuracy = new RunningMean();
  }

  /** Takes the bar away for good and gives the cursor back. */
  close(): void {
    this.clear();
    this.#ignoreInterrupts();
  }
}
