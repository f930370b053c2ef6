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

const ended = "a thread has ended";

/** A thread other than this one. */
export interface Thread {
  /** The reason why the thread has ended or could not start; `null` while it works. Its events, or `look`, set it. */
  reason: string | null;
  /** Looks whether the thread has ended, without waiting for events, which arrive only when this thread is not computing. */
  look(): void;
  end(): void;
}

/** Starts a thread that does not keep the process alive. */
export function startThread(source: string, inputs: ThreadInputs): Thread {
  const thread: Thread = { reason: null, look: () => undefined, end: () => undefined };
  try {
    if (isNode) startInNode(thread, source, inputs);
    else startInBrowser(thread, source, inputs);
  } catch (error) {
    thread.reason = `a thread could not be started (${String(error)})`;
  }
  return thread;
}

function startInNode(thread: Thread, source: string, inputs: ThreadInputs): void {
  const { Worker, MessageChannel, receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
  const { port1, port2 } = new MessageChannel();
  // The thread does not inherit the options of this process, because it needs no loader and no inspector.
  const worker = new Worker(source, {
    eval: true,
    workerData: { ...inputs, port: port2 },
    transferList: [port2],
    execArgv: [],
  });
  worker.on("error", (error) => (thread.reason ??= `a thread ended with "${String(error)}"`));
  worker.on("exit", () => (thread.reason ??= ended));
  worker.unref();
  // When the thread ends, for whatever reason, its port is closed, and this one with it. A closed port cannot be transferred.
  let port = port1;
  const isTransferable = (open: typeof port1): boolean => {
    try {
      port = structuredClone(open, { transfer: [open] });
      return true;
    } catch {
      return false;
    }
  };
  thread.look = () => {
    receiveMessageOnPort(port);
    if (isTransferable(port)) return;
    // Runtimes that imitate Node may transfer no ports at all.
    if (isTransferable(new MessageChannel().port1)) thread.reason ??= ended;
  };
  thread.end = () => void worker.terminate();
}

/** A page is told when a thread ends with an error. Nothing else can end a thread of a page. */
function startInBrowser(thread: Thread, source: string, inputs: ThreadInputs): void {
  if (host.Worker === undefined) throw new Error("this runtime has no Worker");
  const worker = new host.Worker(addressOf(source));
  worker.onerror = ({ message }) => {
    thread.reason ??=
      message === undefined
        ? "the page's Content-Security-Policy forbids its workers. Allow `worker-src blob:` to use all cores"
        : `a thread ended with "${message}"`;
  };
  worker.postMessage(inputs);
  thread.end = () => {
    worker.terminate();
  };
}

/** The URL of the source, shared by all threads. It is never revoked, because some browsers read it after `new Worker` returns. */
let address: string | null = null;

function addressOf(source: string): string {
  address ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return address;
}
