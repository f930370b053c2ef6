import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Contestant } from "../contestant.js";
import type { Input, Workload } from "../workload.js";

const script = fileURLToPath(new URL("torch_peer.py", import.meta.url));
/** The first of these that has torch is used. A Linux distribution installs torch for its own Python. */
export const interpreters = ["python3", "/usr/bin/python3"];
/** After this many milliseconds PyTorch's threads have stopped spinning, which keeps a core busy. */
const settling = 100;

/** The numbers of threads of PyTorch and of OpenBLAS, which computes matrix products with its own pool. */
interface Threads {
  readonly name: string;
  readonly own: number;
  readonly blas: number;
}

/** On two cores the two pools compete: PyTorch is often fastest if only matrix products use both cores. */
const ways: readonly Threads[] = [
  { name: "1 thread", own: 1, blas: 1 },
  { name: "2 threads", own: 2, blas: 2 },
  { name: "2 for products", own: 1, blas: 2 },
];

/** PyTorch with one thread and with two, each in a separate process that measures its own time. */
export async function openTorch(): Promise<Contestant[]> {
  for (const interpreter of interpreters) {
    const contestants: Contestant[] = [];
    for (const threads of ways) {
      const python = await start(interpreter, threads);
      if (python === null) break;
      if (contestants.length === 0) {
        const { version, interpreter: path, blas = "a library it does not name" } = python;
        console.error(`bench: PyTorch ${version} of ${path}; its matrix products use ${blas}`);
      }
      contestants.push(contestant(python, threads));
    }
    if (contestants.length === ways.length) return contestants;
  }
  throw new Error(`PyTorch: neither ${interpreters.join(" nor ")} has torch`);
}

function contestant({ version, ask, close }: Python, { name, own, blas }: Threads): Contestant {
  return {
    name: `torch ${version}, ${name}`,
    party: `torch ${version}`,
    threads: Math.max(own, blas),
    async prepare({ task, inputs }: Workload) {
      const encoded = Object.entries(inputs()).map(([name, input]) => [name, encode(input)]);
      await ask({ prepare: task, inputs: Object.fromEntries(encoded) as unknown });
      return {
        async run(calls) {
          const { milliseconds } = (await ask({ run: calls })) as { milliseconds: number };
          return milliseconds;
        },
        settle() {
          return sleep(settling);
        },
        async result() {
          const { float32 } = (await ask({ result: true })) as { float32: string };
          return new Float32Array(Uint8Array.from(Buffer.from(float32, "base64")).buffer);
        },
      };
    },
    close,
  };
}

interface Greeting {
  readonly version: string;
  /** The path of the interpreter. */
  readonly interpreter: string;
  /** The BLAS library, if it is known. */
  readonly blas?: string;
}

interface Python extends Greeting {
  /** Sends one line and returns the reply, one line. */
  readonly ask: (question: object) => Promise<object>;
  readonly close: () => void;
}

/** Starts the script. Returns null if the interpreter does not exist or has no torch. */
async function start(interpreter: string, { own, blas }: Threads): Promise<Python | null> {
  const child = spawn(interpreter, [script, String(own)], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, OPENBLAS_NUM_THREADS: String(blas) },
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<object | null> => {
    const line = await lines.next();
    return line.done === true ? null : (JSON.parse(line.value) as object);
  };
  const greeting = (await answer()) as Greeting | null;
  if (greeting === null) return null;
  return {
    ...greeting,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const reply = await answer();
      if (reply === null) throw new Error("PyTorch's process has ended");
      if ("error" in reply) throw new Error(String(reply.error));
      return reply;
    },
    close() {
      child.stdin.end();
    },
  };
}

function encode({ shape, data }: Input): object {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype: data instanceof Int32Array ? "int32" : "float32", base64: bytes.toString("base64") };
}
