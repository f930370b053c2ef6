import type { ThreadInputs } from "./commands.js";

/** What this file uses of a `Worker` of a browser. */
interface BrowserThread {
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** What may be there, depending on where this runs. */
const host = globalThis as {
  readonly document?: unknown;
  readonly Worker?: new (address: string) => BrowserThread;
  readonly SharedArrayBuffer?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
};

/** Why there cannot be threads here; `null` if there can. */
export function obstacleToThreads(): string | null {
  if (host.SharedArrayBuffer === undefined) {
    return "SharedArrayBuffer is missing. Serve the page cross-origin isolated (COOP: same-origin, COEP: require-corp) to use all cores";
  }
  if (host.document !== undefined) {
    return "the main thread of a page must not wait for others. Train in a Worker to use all cores, and to keep the page responsive";
  }
  if (nodeModule("node:worker_threads") === null && host.Worker === undefined) {
    return "there are no workers here";
  }
  return null;
}

export function countCores(): number {
  return host.navigator?.hardwareConcurrency ?? nodeModule("node:os")?.availableParallelism() ?? 1;
}

/** Whether threads start while this one waits. In a browser they start when it returns to its event loop. */
export function startsWhileWaiting(): boolean {
  return nodeModule("node:worker_threads") !== null;
}

/** Starts a thread that does not keep the process alive. Returns what ends it. `fail` hears why it could not start. */
export function startThread(
  source: string,
  inputs: ThreadInputs,
  fail: (reason: string) => void,
): () => void {
  const node = nodeModule("node:worker_threads");
  if (node !== null) {
    // Without the options of this process: a loader or an inspector would only be in the way.
    const thread = new node.Worker(source, { eval: true, workerData: inputs, execArgv: [] });
    thread.on("error", (error) => {
      fail(`a thread ended with "${String(error)}"`);
    });
    thread.unref();
    return () => void thread.terminate();
  }
  if (host.Worker === undefined) throw new Error("there are no workers here");
  try {
    const thread = new host.Worker(addressOf(source));
    thread.onerror = ({ message }) => {
      fail(message === undefined ? forbidden : `a thread ended with "${message}"`);
    };
    thread.postMessage(inputs);
    return () => {
      thread.terminate();
    };
  } catch {
    // What browsers used to do, instead of an event.
    fail(forbidden);
    return () => undefined;
  }
}

const forbidden =
  "the page's Content-Security-Policy forbids its workers. Allow `worker-src blob:` to use all cores";

/** Never revoked, since some browsers read it only later; so there is one for all threads. */
let address: string | null = null;

function addressOf(source: string): string {
  address ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return address;
}

/** A module of Node's, without an import that a bundler for browsers would stumble over. */
function nodeModule<Name extends "node:os" | "node:worker_threads">(
  name: Name,
): ReturnType<typeof process.getBuiltinModule<Name>> | null {
  return typeof process === "object" && typeof process.getBuiltinModule === "function"
    ? process.getBuiltinModule(name)
    : null;
}
