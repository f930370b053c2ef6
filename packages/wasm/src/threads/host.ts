import type { ThreadInputs } from "./commands.js";

/** What this file uses of a `Worker`, in Node and in browsers. */
interface Thread {
  terminate(): unknown;
  unref?(): void;
  postMessage(message: unknown): void;
}

type ThreadConstructor = new (source: string, options?: object) => Thread;

/** What may be there, depending on where this runs. */
const host = globalThis as {
  readonly document?: unknown;
  readonly Worker?: ThreadConstructor;
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
  if (nodeThreads() === null && host.Worker === undefined) return "there are no workers here";
  return null;
}

export function countCores(): number {
  return host.navigator?.hardwareConcurrency ?? nodeModule("node:os")?.availableParallelism() ?? 1;
}

/** Starts a thread that does not keep the process alive. Returns what ends it. */
export function startThread(source: string, inputs: ThreadInputs): () => void {
  const NodeThread = nodeThreads();
  if (NodeThread !== null) {
    // Without the options of this process: a loader or an inspector would only be in the way.
    const thread = new NodeThread(source, { eval: true, workerData: inputs, execArgv: [] });
    thread.unref?.();
    return () => void thread.terminate();
  }
  if (host.Worker === undefined) throw new Error("there are no workers here");
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const thread = new host.Worker(address);
  URL.revokeObjectURL(address);
  thread.postMessage(inputs);
  return () => void thread.terminate();
}

function nodeThreads(): ThreadConstructor | null {
  const threads = nodeModule("node:worker_threads");
  return threads === null ? null : (threads.Worker);
}

/** A module of Node's, without an import that a bundler for browsers would stumble over. */
function nodeModule<Name extends "node:os" | "node:worker_threads">(
  name: Name,
): ReturnType<typeof process.getBuiltinModule<Name>> | null {
  return typeof process === "object" && typeof process.getBuiltinModule === "function"
    ? process.getBuiltinModule(name)
    : null;
}
