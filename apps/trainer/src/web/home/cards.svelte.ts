import { Client } from "../run/client.js";
import type { CardData, HomeQuestions } from "./messages.js";

/** The data of the cards' pictures, once it has come. */
export class Cards {
  data = $state.raw<CardData | null>(null);
  readonly #client: Client<HomeQuestions, never>;

  constructor() {
    this.#client = new Client<HomeQuestions, never>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: () => undefined,
      onRestart: () => undefined,
    });
    this.#client.ask("cards", {}).then(
      (data) => {
        this.data = data;
        this.#client.close();
      },
      () => undefined,
    );
  }

  close(): void {
    this.#client.close();
  }
}
