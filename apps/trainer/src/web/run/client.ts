import { startOrTake } from "./early.js";
import type { Message, Questions, Request } from "./protocol.js";

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export interface ClientOptions<Event> {
  readonly start: () => Worker;
  readonly onEvent: (event: Event) => void;
  /** Called after the worker died and a new one has been started. It knows nothing of what was before. */
  readonly onRestart: () => void;
}

/** The page's side of a worker: asks questions, hears events, and starts the worker again if it dies. */
export class Client<Q extends Questions, Event> {
  readonly #options: ClientOptions<Event>;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker;
  #questions = 0;

  constructor(options: ClientOptions<Event>) {
    this.#options = options;
    this.#worker = this.#start();
  }

  ask<Name extends keyof Q & string>(name: Name, ask: Q[Name]["ask"]): Promise<Q[Name]["answer"]> {
    const id = ++this.#questions;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, ask } satisfies Request<Questions>);
    });
  }

  close(): void {
    this.#worker.terminate();
  }

  /** Ends the worker as a crash would. */
  restart(): void {
    this.#worker.terminate();
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    this.#worker = this.#start();
    for (const { reject } of lost) reject(new Error("The worker was started again."));
    this.#options.onRestart();
  }

  #start(): Worker {
    const worker = startOrTake(this.#options.start);
    worker.onmessage = ({ data }: MessageEvent<Message<Event>>) => {
      if (data.kind === "event") this.#options.onEvent(data.event);
      else this.#settle(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.restart();
    };
    return worker;
  }

  #settle(message: Exclude<Message<Event>, { kind: "event" }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === "answer") pending?.resolve(message.answer as never);
    else pending?.reject(new Error(message.message));
  }
}
