/** The inputs with which a thread starts. */
export interface ThreadInputs {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  /** The bytes of the module that runs programs. */
  readonly driver: Uint8Array<ArrayBuffer>;
  /** The index of the thread's words (see `words.places`). */
  readonly place: number;
}

/** The indices of words in the shared memory of the pool, which is separate from the engine's memory. */
export const words = {
  /** The number of commands sent so far. Threads wait for it to change. */
  command: 0,
  /** The kind of the command: one of `commands`. */
  kind: 1,
  /** For load: the address and number of the bytes of a module; the first table index and the number of its functions. */
  address: 2,
  bytes: 3,
  first: 4,
  count: 5,
  /** For run: the address of the program's image, and the number of threads that take part, including thread 0, which sends it. */
  image: 6,
  threads: 7,
  /** A word that never changes. Threads wait at it to let time pass. */
  still: 8,
  /** From here on, two words for each thread: its index among the threads that take part, and its state. */
  places: 16,
} as const;

export const commands = { load: 1, run: 2 } as const;

/** The states of a thread. Any other state is the number of the last command that it has carried out. */
export const states = { starting: -1, failed: -2 } as const;

/** The constants that the code of a thread uses. */
export interface ThreadLayout {
  readonly words: typeof words;
  readonly commands: typeof commands;
  readonly states: typeof states;
  /** The indices of the barrier's words in the engine's memory: whether a thread has given up, and the round for which threads wait. */
  readonly barrier: { readonly givenUp: number; readonly round: number };
}

/*
 * The two functions below run in threads, to which they are passed as text, because no file could be found by all bundlers and
 * browsers. So they must not refer to anything outside themselves, also after bundling. They contain no named function, because a
 * bundler that keeps names would wrap it in a call of a helper, and no syntax for which an older target needs a helper.
 */

/**
 * The main loop of a thread: it waits for commands, and loads modules of kernels or runs programs.
 *
 * - Each thread has a separate table of functions. A module's kernels have the same table indices in all threads. An index that is
 *   reused then refers to the new kernel.
 * - The bytes of modules are passed through the memory, because a blocked thread receives no messages. Growth of the memory by
 *   another thread becomes visible with a short delay.
 * - A thread that sees a command before the notification is woken up once more, without effect.
 * - If a command fails, the other threads must not wait for this thread: see the barrier. A thread that caused a failure ends; a
 *   thread that was waiting for it is ready for the next command.
 */
export function serve(inputs: ThreadInputs, layout: ThreadLayout): void {
  const { memory, words, driver, place } = inputs;
  const { words: at, commands, states, barrier } = layout;
  const state = place + 1;
  const table = new WebAssembly.Table({ initial: 64, element: "anyfunc" });
  // Only the first thread looks for lost threads. Any function of the language does nothing when it is called without arguments.
  const imports = { env: { memory, table, lookForLost: Date.now } };
  const { start } = new WebAssembly.Instance(new WebAssembly.Module(driver), imports).exports as {
    readonly start: (image: number, thread: number, threads: number) => number;
  };
  let done = 0;
  Atomics.store(words, state, done);
  for (;;) {
    while (Atomics.load(words, at.command) === done) Atomics.wait(words, at.command, done);
    done = Atomics.load(words, at.command);
    try {
      if (words[at.kind] === commands.load) {
        const address = words[at.address] >>> 0;
        const end = address + words[at.bytes];
        while (memory.buffer.byteLength < end) Atomics.wait(words, at.still, 0, 1);
        const first = words[at.first];
        const last = first + words[at.count];
        if (last > table.length) table.grow(last);
        const bytes = new Uint8Array(memory.buffer).slice(address, end);
        const kernels = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
        for (let slot = first; slot < last; slot++) table.set(slot, kernels[`kernel${slot - first}`]);
      } else {
        start(words[at.image], words[place], words[at.threads]);
      }
    } catch {
      const shared = new Int32Array(memory.buffer);
      const runs = words[at.kind] === commands.run;
      if (!runs || Atomics.load(shared, barrier.givenUp) === 0) {
        Atomics.store(words, state, states.failed);
        if (runs) {
          Atomics.store(shared, barrier.givenUp, 1);
          Atomics.add(shared, barrier.round, 1);
          Atomics.notify(shared, barrier.round);
        }
        return;
      }
    }
    Atomics.store(words, state, done);
  }
}

/** The entry point of a thread: receives the inputs, and calls `serve`. */
export function begin(serving: typeof serve, layout: ThreadLayout): void {
  // `process` is read from the global object, because bundlers replace the plain name.
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
