import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Contestant } from "../contestant.js";
import type { Input, Workload } from "../workload.js";

const script = fileURLToPath(new URL("torch_peer.py", import.meta.url));
/** Whichever has torch; a distribution keeps its own for its own Python. */
const interpreters = ["python3", "/usr/bin/python3"];
/** Milliseconds after which PyTorch's threads have stopped waiting for work, which keeps a core busy. */
const settling = 100;

/** PyTorch with one thread and with two, each in a process of its own that keeps its own time. */
export async function openTorch(): Promise<Contestant[]> {
  for (const interpreter of interpreters) {
    const [one, two] = [await start(interpreter, 1), await start(interpreter, 2)];
    if (one === null || two === null) continue;
    console.error(
      `bench: PyTorch's matrix products are those of ${one.blas ?? "a library it does not name"}`,
    );
    return [contestant(one, 1), contestant(two, 2)];
  }
  throw new Error(`PyTorch: neither ${interpreters.join(" nor ")} has torch`);
}

function contestant({ version, ask, close }: Python, threads: number): Contestant {
  return {
    name: `torch ${version}, ${threads} thread${threads > 1 ? "s" : ""}`,
    async prepare({ task, inputs }: Workload) {
      const encoded = Object.entries(inputs()).map(([name, input]) => [name, encode(input)]);
      await ask({ prepare: task, inputs: Object.fromEntries(encoded) as unknown });
      return {
        async run(calls) {
          const { milliseconds } = (await ask({ run: calls })) as { milliseconds: number };
          await sleep(settling);
          return milliseconds;
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

interface Python {
  readonly version: string;
  /** The file of the library that multiplies its matrices. */
  readonly blas: string | null;
  /** One line out, one line back. */
  readonly ask: (question: object) => Promise<object>;
  readonly close: () => void;
}

/** Starts the script; null if there is no such interpreter or it has no torch. */
async function start(interpreter: string, threads: number): Promise<Python | null> {
  const process = spawn(interpreter, [script, String(threads)], { stdio: ["pipe", "pipe", "ignore"] });
  process.on("error", () => undefined);
  process.stdin.on("error", () => undefined);
  const lines = createInterface(process.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<object | null> => {
    const line = await lines.next();
    return line.done === true ? null : (JSON.parse(line.value) as object);
  };
  const greeting = (await answer()) as Pick<Python, "version" | "blas"> | null;
  if (greeting === null) return null;
  return {
    ...greeting,
    async ask(question) {
      process.stdin.write(`${JSON.stringify(question)}\n`);
      const reply = await answer();
      if (reply === null) throw new Error("PyTorch's process has ended");
      if ("error" in reply) throw new Error(String(reply.error));
      return reply;
    },
    close() {
      process.stdin.end();
    },
  };
}

function encode({ shape, data }: Input): object {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype: data instanceof Int32Array ? "int32" : "float32", base64: bytes.toString("base64") };
}
