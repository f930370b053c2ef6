/**
 * Asks for what is wanted now, one question at a time, so that what was wanted in between is never asked: scrubbing skips what it passes over.
 */
export class Latest<Wanted> {
  readonly #ask: (wanted: Wanted) => Promise<void>;
  #wanted: { readonly value: Wanted } | null = null;
  #isAsking = false;

  constructor(ask: (wanted: Wanted) => Promise<void>) {
    this.#ask = ask;
  }

  want(value: Wanted): void {
    this.#wanted = { value };
    void this.#askOn();
  }

  async #askOn(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#wanted !== null) {
        const { value } = this.#wanted;
        this.#wanted = null;
        await this.#ask(value);
      }
    } catch {
      // The worker died: it was started again, and what is wanted then is asked again.
    } finally {
      this.#isAsking = false;
    }
  }
}
