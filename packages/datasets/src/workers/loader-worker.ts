import { ArgumentError } from "@stargrad/tensor";
import { writeValue } from "@stargrad/tensor/internal";

/** A worker that was started: a `Worker` of a page, or of Node's module `node:worker_threads`. */
export interface LoaderWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** The listeners of both kinds of workers. */
interface NodeWorker extends LoaderWorker {
  on(event: string, listener: (value: unknown) => void): void;
  ref(): void;
  unref(): void;
}

interface PageWorker extends LoaderWorker {
  addEventListener(event: string, listener: (event: PageEvent) => void): void;
}

interface PageEvent {
  readonly data?: unknown;
  readonly message?: string;
  readonly filename?: string;
  readonly lineno?: number;
  preventDefault(): void;
}

/** Who listens to a worker. */
export interface Listener {
  readonly onMessage: (data: unknown) => void;
  /** The worker has ended, or has thrown an error that nothing has caught. `reason`: "with exit code 1" */
  readonly onLost: (reason: string, cause?: unknown) => void;
}

/** A worker of either kind. */
export interface Line {
  send(message: unknown): void;
  /** Whether the worker keeps the process alive. Nothing keeps a page alive. */
  keepAlive(isAwaited: boolean): void;
  end(): Promise<void>;
}

/** Listens to a worker, which does not keep the process alive until `keepAlive` says so. Throws: ArgumentError for what is no worker */
export function connect(worker: LoaderWorker, { onMessage, onLost }: Listener): Line {
  const has = (name: string): boolean =>
    typeof (Object(worker) as Readonly<Record<string, unknown>>)[name] === "function";
  const isNode = has("on");
  if (!has("postMessage") || !has("terminate") || !(isNode || has("addEventListener"))) {
    throw new ArgumentError(
      "DataLoader",
      `got ${writeValue(worker)} of startWorker; expected a Worker`,
      'Return one: () => new Worker(new URL("./data.worker.js", import.meta.url), { type: "module" })',
    );
  }
  const unread = "because of a message that cannot be read here";
  if (isNode) {
    const own = worker as NodeWorker;
    own.on("message", onMessage);
    own.on("messageerror", (error) => {
      onLost(unread, error);
    });
    own.on("error", (error) => {
      onLost(`with "${String(error)}"`, error);
    });
    own.on("exit", (code) => {
      onLost(`with exit code ${String(code)}`);
    });
    own.unref();
    return {
      send: (message) => {
        own.postMessage(message);
      },
      keepAlive: (isAwaited) => {
        if (isAwaited) own.ref();
        else own.unref();
      },
      end: async () => {
        // Whoever awaits the end needs a process that is still there.
        own.ref();
        await own.terminate();
      },
    };
  }
  const own = worker as PageWorker;
  own.addEventListener("message", ({ data }) => {
    onMessage(data);
  });
  own.addEventListener("messageerror", () => {
    onLost(unread);
  });
  own.addEventListener("error", (event) => {
    event.preventDefault();
    const { message, filename, lineno } = event;
    onLost(
      message === undefined
        ? "because its module, or one that it imports, could not be loaded"
        : `with "${message}" (${filename ?? ""}:${lineno ?? 0})`,
    );
  });
  return {
    send: (message) => {
      own.postMessage(message);
    },
    keepAlive: () => undefined,
    end: async () => {
      await own.terminate();
    },
  };
}
