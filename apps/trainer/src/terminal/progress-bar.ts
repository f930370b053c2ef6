import { Presets, SingleBar } from "cli-progress";

import { yieldToEventLoop } from "../event-loop.js";

/** A live progress bar, on the line below the printed text. */
export class ProgressBar {
  readonly #bar: SingleBar;

  /**
   * `format` may contain `{bar}`, `{value}`, `{total}`, `{eta_formatted}`, and the names of the figures of `advance`. What Ctrl-C does is
   * decided by a `StopSignal`, which closes the bar.
   */
  constructor(stream: NodeJS.WriteStream, format: string) {
    this.#bar = new SingleBar(
      { format, stream, hideCursor: true, clearOnComplete: true, barsize: 30, gracefulExit: false },
      Presets.shades_classic,
    );
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

  /** Removes the bar until the next step, so that other text can be printed, and shows the cursor again. */
  pause(): void {
    this.#bar.stop();
  }
}
