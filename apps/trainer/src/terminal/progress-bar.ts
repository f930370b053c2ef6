import { Presets, SingleBar } from "cli-progress";

import { beforeInterrupt, breathe } from "./interrupt.js";

/** How far something is, live, on the line below what was printed. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #ignoreInterrupts: () => void;

  /** `format` names what `advance` is given: `{bar}`, `{value}`, `{total}`, `{eta_formatted}`, and any of the figures. */
  constructor(stream: NodeJS.WriteStream, format: string) {
    this.#bar = new SingleBar(
      { format, stream, hideCursor: true, clearOnComplete: true, barsize: 30, gracefulExit: false },
      Presets.shades_classic,
    );
    this.#ignoreInterrupts = beforeInterrupt(() => {
      this.pause();
    });
  }

  async advance(
    step: number,
    steps: number,
    figures: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    if (this.#bar.isActive) this.#bar.update(step, figures);
    else this.#bar.start(steps, step, figures);
    await breathe();
  }

  /** Takes the bar away until the next step, so that something can be printed. */
  pause(): void {
    this.#bar.stop();
  }

  /** Takes the bar away for good and gives the cursor back. */
  close(): void {
    this.pause();
    this.#ignoreInterrupts();
  }
}
