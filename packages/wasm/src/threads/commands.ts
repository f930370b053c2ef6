import { givenUp, round } from "./barrier.js";

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

/**
 * What a thread does: it waits for commands, and loads modules of kernels or runs programs. As text, because there is no file that
 * all bundlers and browsers would find; remarks stand here, where a bundler leaves them out.
 *
 * - A module's kernels go into the thread's own table of functions, at the same places as in the tables of all others. A place
 *   that is used again has another kernel from then on.
 * - The bytes of modules come through the memory, since who waits receives no messages. Another thread's growth of the memory
 *   arrives a moment later.
 * - A thread that saw a command before it was notified of it is woken up once more, for nothing.
 * - When a command fails the others must not wait for this thread: see the barrier.
 */
export const threadSource = `
const serve = ({ memory, words, driver, index, count }) => {
  const table = new WebAssembly.Table({ initial: 64, element: "anyfunc" });
  const instantiate = (bytes) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, table } }).exports;
  const { start } = instantiate(driver);
  let done = 0;
  const load = () => {
    const address = words[${words.address}] >>> 0;
    const end = address + words[${words.bytes}];
    while (memory.buffer.byteLength < end) Atomics.wait(words, ${words.failed}, 0, 1);
    const first = words[${words.first}];
    const last = first + words[${words.count}];
    if (last > table.length) table.grow(last);
    const kernels = instantiate(new Uint8Array(memory.buffer).slice(address, end));
    for (let place = first; place < last; place++) table.set(place, kernels["kernel" + (place - first)]);
  };
  Atomics.add(words, ${words.ready}, 1);
  for (;;) {
    while (Atomics.load(words, ${words.command}) === done) Atomics.wait(words, ${words.command}, done);
    done = Atomics.load(words, ${words.command});
    try {
      if (words[${words.kind}] === ${commands.load}) {
        load();
        Atomics.add(words, ${words.loaded}, 1);
      } else {
        start(words[${words.image}], index, count);
      }
    } catch {
      Atomics.add(words, ${words.failed}, 1);
      const shared = new Int32Array(memory.buffer);
      Atomics.store(shared, ${givenUp / 4}, 1);
      Atomics.add(shared, ${round / 4}, 1);
      Atomics.notify(shared, ${round / 4});
    }
  }
};
if (typeof process === "object") serve(require("node:worker_threads").workerData);
else onmessage = ({ data }) => serve(data);
`;
