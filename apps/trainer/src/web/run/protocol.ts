// How a page and its worker talk. A lesson names its questions and its events in one type; everything else is here.

/** The questions of a lesson: what the page asks, and what the worker answers. */
export type Questions = Record<string, { readonly ask: object; readonly answer: unknown }>;

/** A question on its way to the worker. */
export type Request<Q extends Questions> = {
  [Name in keyof Q & string]: { readonly id: number; readonly name: Name; readonly ask: Q[Name]["ask"] };
}[keyof Q & string];

/** What the worker sends: the answer to a question, its failure, or an event that nobody asked for. */
export type Message<Event> =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string }
  | { readonly kind: "event"; readonly event: Event };

/** The worker's side: one function for each question. */
export type Answers<Q extends Questions> = {
  readonly [Name in keyof Q]: (ask: Q[Name]["ask"]) => Promise<Q[Name]["answer"]> | Q[Name]["answer"];
};
