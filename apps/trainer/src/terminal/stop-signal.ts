/** The exit status that shells report for a program that Ctrl-C ended: 128 + SIGINT. */
export const interrupted = 130;

/**
 * Whether Ctrl-C was pressed, for a program that then finishes what it is doing. Pressed a second time, it ends the program at once.
 */
export class StopSignal {
  #wasPressed = false;
  readonly #listener = (): void => {
    if (this.#wasPressed) {
      this.#restore();
      process.exit(interrupted);
    }
    this.#wasPressed = true;
  };
  readonly #restore: () => void;

  /** `restore`: restores the terminal, before the program ends at once */
  constructor(restore: () => void) {
    this.#restore = restore;
    process.on("SIGINT", this.#listener);
  }

  get wasPressed(): boolean {
    return this.#wasPressed;
  }

  close(): void {
    process.removeListener("SIGINT", this.#listener);
  }
}
