/** What a thread needs to begin. */
export interface ThreadInputs {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  /** The bytes of the module that runs programs. */
  readonly driver: Uint8Array<ArrayBuffer>;
  /** Which of how many threads it is. Number 0 gives the commands. */
  readonly index: number;
  readonly count: number;
}

/** Which word of the memory that threads share by themselves says what. */
export const words = {
  /** How many commands there have been. Threads wait for it to change. */
  command: 0,
  /** What is to be done: one of `commands`. */
  kind: 1,
  /** Load: where the bytes of a module are, and how many; from where on its functions go into the table, and how many. */
  address: 2,
  bytes: 3,
  first: 4,
  count: 5,
  /** Run: where the image of the program is. */
  image: 6,
  /** How many threads wait for commands, how many have loaded a module, added up, and how many have failed. */
  ready: 7,
  loaded: 8,
  failed: 9,
} as const;

export const commands = { load: 1, run: 2 } as const;

/** All numbers that a thread goes by. */
export interface ThreadLayout {
  readonly words: typeof words;
  readonly commands: typeof commands;
  /** Which words of the engine's memory are the barrier's: whether a thread will never come, and what all wait for. */
  readonly barrier: { readonly givenUp: number; readonly round: number };
}

/*
 * The two functions below run in threads, where they arrive as text: there is no file that all bundlers and browsers would find. So
 * they refer to nothing outside of themselves, whatever a bundler makes of them. They contain no function that has a name, because a
 * bundler that keeps names would wrap it in a call of its own; and nothing that an older target would need a helper for.
 */

/**
 * What a thread does: it waits for commands, and loads modules of kernels or runs programs.
 *
 * - A module's kernels go into the thread's own table of functions, at the same places as in the tables of all others. A place
 *   that is used again has another kernel from then on.
 * - The bytes of modules come through the memory, since who waits receives no messages. Another thread's growth of the memory
 *   arrives a moment later.
 * - A thread that saw a command before it was notified of it is woken up once more, for nothing.
 * - When a command fails the others must not wait for this thread: see the barrier.
 */
export function serve(inputs: ThreadInputs, layout: ThreadLayout): void {
  const { memory, words, driver, index, count } = inputs;
  const { words: at, commands, barrier } = layout;
  const table = new WebAssembly.Table({ initial: 64, element: "anyfunc" });
  const imports = { env: { memory, table } };
  const { start } = new WebAssembly.Instance(new WebAssembly.Module(driver), imports).exports as {
    readonly start: (image: number, thread: number, threads: number) => number;
  };
  let done = 0;
  Atomics.add(words, at.ready, 1);
  for (;;) {
    while (Atomics.load(words, at.command) === done) Atomics.wait(words, at.command, done);
    done = Atomics.load(words, at.command);
    try {
      if (words[at.kind] === commands.load) {
        const address = words[at.address] >>> 0;
        const end = address + words[at.bytes];
        while (memory.buffer.byteLength < end) Atomics.wait(words, at.failed, 0, 1);
        const first = words[at.first];
        const last = first + words[at.count];
        if (last > table.length) table.grow(last);
        const bytes = new Uint8Array(memory.buffer).slice(address, end);
        const kernels = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
        for (let place = first; place < last; place++) table.set(place, kernels[`kernel${place - first}`]);
        Atomics.add(words, at.loaded, 1);
      } else {
        start(words[at.image], index, count);
      }
    } catch {
      Atomics.add(words, at.failed, 1);
      const shared = new Int32Array(memory.buffer);
      Atomics.store(shared, barrier.givenUp, 1);
      Atomics.add(shared, barrier.round, 1);
      Atomics.notify(shared, barrier.round);
    }
  }
}

/** How a thread begins: it gets its inputs, and serves. */
export function begin(serving: typeof serve, layout: ThreadLayout): void {
  // By way of the global object, because bundlers have something of their own for `process`.
  const scope: {
    readonly process?: { getBuiltinModule(name: "node:worker_threads"): { readonly workerData: unknown } };
    onmessage?: unknown;
  } = globalThis;
  if (typeof scope.process === "object") {
    serving(scope.process.getBuiltinModule("node:worker_threads").workerData as ThreadInputs, layout);
  } else {
    scope.onmessage = ({ data }: { readonly data: unknown }) => {
      serving(data as ThreadInputs, layout);
    };
  }
}
