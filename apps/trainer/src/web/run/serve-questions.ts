import type { Answers, Message, Questions, Request } from "./protocol.js";

/** The part of a worker's global scope that is needed here. */
interface Scope<Q extends Questions> {
  onmessage: ((event: { readonly data: Request<Q> }) => void) | null;
  postMessage(message: Message<unknown>, transfer?: readonly ArrayBuffer[]): void;
}

/** Answers the page's questions one after the other, in a worker. Returns a function that sends events to the page. */
export function serveQuestions<Q extends Questions>(
  scope: Scope<Q>,
  answers: Answers<Q>,
): (event: unknown, transfer?: readonly ArrayBuffer[]) => void {
  // One at a time: questions repeat tries on one and the same pen.
  let queue = Promise.resolve();
  scope.onmessage = ({ data: { id, name, ask } }) => {
    queue = queue.then(async () => {
      try {
        scope.postMessage({ kind: "answer", id, answer: await answers[name](ask) });
      } catch (error) {
        scope.postMessage({
          kind: "failure",
          id,
          message: error instanceof Error ? error.message : String(error),
        });
      }
    });
  };
  return (event, transfer = []) => {
    scope.postMessage({ kind: "event", event }, transfer);
  };
}
