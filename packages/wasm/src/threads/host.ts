import { isNode } from "../is-node.js";
import type { ThreadInputs } from "./serve.js";

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
  return isNode || host.Worker !== undefined ? null : "there are no workers here";
}

export function countCores(): number {
  if (host.navigator?.hardwareConcurrency !== undefined) return host.navigator.hardwareConcurrency;
  return isNode ? process.getBuiltinModule("node:os").availableParallelism() : 1;
}

/** Whether threads start while this one waits. In a browser they start when it returns to its event loop. */
export function startsWhileWaiting(): boolean {
  return isNode;
}

/** Starts a thread that does not keep the process alive. Returns what ends it. `fail` hears why it could not start. */
export function startThread(
  source: string,
  inputs: ThreadInputs,
  fail: (reason: string) => void,
): () => void {
  try {
    return isNode ? startInNode(source, inputs, fail) : startInBrowser(source, inputs, fail);
  } catch (error) {
    fail(`a thread could not be started (${String(error)})`);
    return () => undefined;
  }
}

function startInNode(source: string, inputs: ThreadInputs, fail: (reason: string) => void): () => void {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  // Without the options of this process: a loader or an inspector would only be in the way.
  const thread = new Worker(source, { eval: true, workerData: inputs, execArgv: [] });
  thread.on("error", (error) => {
    fail(`a thread ended with "${String(error)}"`);
  });
  thread.on("exit", () => {
    fail("a thread has ended");
  });
  thread.unref();
  return () => void thread.terminate();
}

function startInBrowser(source: string, inputs: ThreadInputs, fail: (reason: string) => void): () => void {
  if (host.Worker === undefined) throw new Error("there are no workers here");
  const thread = new host.Worker(addressOf(source));
  thread.onerror = ({ message }) => {
    fail(
      message === undefined
        ? "the page's Content-Security-Policy forbids its workers. Allow `worker-src blob:` to use all cores"
        : `a thread ended with "${message}"`,
    );
  };
  thread.postMessage(inputs);
  return () => {
    thread.terminate();
  };
}

/** Never revoked, since some browsers read it only later; so there is one for all threads. */
let address: string | null = null;

function addressOf(source: string): string {
  address ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return address;
}
