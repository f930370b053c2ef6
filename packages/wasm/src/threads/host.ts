import { isNode } from "../is-node.js";
import type { ThreadInputs } from "./serve.js";

/** The part of a browser's `Worker` that this file uses. */
interface BrowserThread {
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** Global objects that exist only in some runtimes. */
const host = globalThis as {
  readonly Worker?: new (address: string) => BrowserThread;
  readonly SharedArrayBuffer?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
};

/** The reason why threads are not available; `null` if they are. */
export function obstacleToThreads(): string | null {
  if (host.SharedArrayBuffer === undefined) {
    return "SharedArrayBuffer is missing. Serve the page cross-origin isolated (COOP: same-origin, COEP: require-corp) to use all cores";
  }
  if (!mayWait()) {
    return "the main thread of a page must not wait for others. Train in a Worker to use all cores, and to keep the page responsive";
  }
  return isNode || host.Worker !== undefined ? null : "this runtime has no Worker";
}

/** Whether this thread may block. The main thread of a page may not. A `document` says nothing, because tests imitate one in Node. */
function mayWait(): boolean {
  try {
    // Returns at once, because the word is not 1.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

export function countCores(): number {
  if (host.navigator?.hardwareConcurrency !== undefined) return host.navigator.hardwareConcurrency;
  return isNode ? process.getBuiltinModule("node:os").availableParallelism() : 1;
}

/** Whether threads can start while this thread blocks. In a browser they start only when it returns to its event loop. */
export function startsWhileWaiting(): boolean {
  return isNode;
}

/** Starts a thread that does not keep the process alive. Returns a function that ends it. Calls `fail` with the reason of an error. */
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
  // The thread does not inherit the options of this process, because it needs no loader and no inspector.
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
  if (host.Worker === undefined) throw new Error("this runtime has no Worker");
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

/** The URL of the source, shared by all threads. It is never revoked, because some browsers read it after `new Worker` returns. */
let address: string | null = null;

function addressOf(source: string): string {
  address ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return address;
}
