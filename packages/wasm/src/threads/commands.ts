import { givenUp, round } from "./barrier.js";

/** Which word of the memory that threads share by themselves says what. */
export const words = {
  /** How many commands there have been. Threads wait for it to change. */
  command: 0,
  /** What is to be done: one of `commands`. */
  kind: 1,
  /** With which program. */
  program: 2,
  /** Where the bytes of its module are, and how many. */
  address: 3,
  bytes: 4,
  /** Where it finds its frame and its constants. */
  frame: 5,
  constants: 6,
  /** How many threads wait for commands, how many have loaded a program, added up, and how many have failed. */
  ready: 7,
  loaded: 8,
  failed: 9,
} as const;

export const commands = { load: 1, run: 2 } as const;

/** How many programs a thread keeps: of those it has loaded, the last. */
export const keptPrograms = 256;

/** What a thread needs to begin. */
export interface ThreadInputs {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  /** Which of how many threads it is. Number 0 gives the commands. */
  readonly index: number;
  readonly count: number;
}

/**
 * What a thread does: it waits for commands, and loads programs or runs them. As text, because there is no file that all
 * bundlers and browsers would find; remarks stand here, where a bundler leaves them out.
 *
 * - The bytes of programs come through the memory, since who waits receives no messages. Another thread's growth of the memory
 *   arrives a moment later.
 * - A thread that saw a command before it was notified of it is woken up once more, for nothing.
 * - When a command fails the others must not wait for this thread: see the barrier.
 */
export const threadSource = `
const serve = ({ memory, words, index, count }) => {
  const programs = new Map();
  let done = 0;
  const load = () => {
    const address = words[${words.address}] >>> 0;
    const end = address + words[${words.bytes}];
    while (memory.buffer.byteLength < end) Atomics.wait(words, ${words.failed}, 0, 1);
    const module = new WebAssembly.Module(new Uint8Array(memory.buffer).slice(address, end));
    const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports;
    programs.set(words[${words.program}], run);
    if (programs.size > ${keptPrograms}) programs.delete(programs.keys().next().value);
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
        const run = programs.get(words[${words.program}]);
        run(words[${words.frame}], words[${words.constants}], index, count);
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
