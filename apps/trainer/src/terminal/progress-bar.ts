import { Presets, SingleBar } from "cli-progress";

import { yieldToEventLoop } from "../event-loop.js";
import { beforeInterrupt } from "./interrupt.js";

/** A live progress bar, on the line below the printed text. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #ignoreInterrupts: () => void;

  /**
   * `format` may contain `{bar}`, `{value}`, `{total}`, `{eta_formatted}`, and the names of the figures of `advance`.
   * `endsAtInterrupt`: whether Ctrl-C ends the program; if not, the program has a `StopSignal`, and closes the bar itself
   */
  constructor(stream: NodeJS.WriteStream, format: string, { endsAtInterrupt = true } = {}) {
    this.#bar = new SingleBar(
      { format, stream, hideCursor: true, clearOnComplete: true, barsize: 30, gracefulExit: false },
      Presets.shades_classic,
    );
    this.#ignoreInterrupts = endsAtInterrupt
      ? beforeInterrupt(() => {
          this.pause();
        })
      : () => undefined;
  }

  async advance(
    step: number,
    steps: number,
    figures: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    if (this.#bar.isActive) this.#bar.update(step, figures);
    else this.#bar.start(steps, step, figures);
    await yieldToEventLoop();
  }

  /** Removes the bar until the next step, so that other text can be printed. */
  pause(): void {
    this.#bar.stop();
  }

  /** Removes the bar for good and shows the cursor again. */
  close(): void {
    this.pause();
    this.#ignoreInterrupts();
  }
}
