/** The exit status that shells report for a program that Ctrl-C ended: 128 + SIGINT. */
export const interrupted = 130;

/**
 * Whether Ctrl-C was pressed, for a program that then finishes what it is doing. Pressed a second time, it ends the program at once.
 */
export class StopSignal {
  #wasPressed = false;
  readonly #listener: () => void;

  /** `pressed` is called the first time; `restore`, which restores the terminal, before the program ends at once. */
  constructor({ pressed, restore }: { readonly pressed: () => void; readonly restore: () => void }) {
    this.#listener = () => {
      if (this.#wasPressed) {
        restore();
        process.exit(interrupted);
      } else {
        this.#wasPressed = true;
        pressed();
      }
    };
    process.on("SIGINT", this.#listener);
  }

  get wasPressed(): boolean {
    return this.#wasPressed;
  }

  close(): void {
    process.removeListener("SIGINT", this.#listener);
  }
}
