import { beforeInterrupt } from "./interrupt.js";

/** A picture in a terminal that can be redrawn in place, below the text printed before it. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #ignoreInterrupts: () => void;
  #height = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#stream.write(hideCursor);
    this.#ignoreInterrupts = beforeInterrupt(() => {
      this.close();
    });
  }

  /** Draws lines over the lines drawn last. */
  draw(lines: readonly string[]): void {
    const back = this.#height === 0 ? "" : `\u001b[${this.#height}F`;
    // One write, so that the terminal never shows half a picture.
    this.#stream.write(back + lines.map((line) => `${line}${clearLineEnd}\n`).join("") + clearBelow);
    this.#height = lines.length;
  }

  /** Shows the cursor again; the last picture stays. */
  close(): void {
    this.#stream.write(showCursor);
    this.#ignoreInterrupts();
  }
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const clearLineEnd = "\u001b[K";
const clearBelow = "\u001b[J";
