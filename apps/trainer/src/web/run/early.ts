// A worker takes longer to start than a lesson to arrive, so the first one can be started before the page itself.

type StartWorker = () => Worker;

const waiting = new Map<StartWorker, Worker>();

/** Starts the worker that a lesson will need first. */
export function startEarly(start: StartWorker): void {
  const worker = start();
  // One that does not start is forgotten, and the lesson starts its own.
  worker.onerror = (event) => {
    event.preventDefault();
    if (waiting.get(start) === worker) waiting.delete(start);
  };
  waiting.set(start, worker);
}

/** The worker that was started early in this way, if there is one, or a new one. */
export function startOrTake(start: StartWorker): Worker {
  const worker = waiting.get(start) ?? start();
  waiting.delete(start);
  return worker;
}
