import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { answerOf, withProgram } from "../child-program.js";
import { interpreters } from "../peers/torch.js";
import type { Answer } from "./first-step.js";
import type { FirstStepper } from "./measure-first-steps.js";

const entry = fileURLToPath(new URL("program.ts", import.meta.url));
const script = fileURLToPath(new URL("../peers/torch_first_step.py", import.meta.url));

/** Returns Stargrad and, if it is installed, PyTorch, with each of these numbers of threads. */
export async function withSteppers<Result>(
  threads: readonly number[],
  use: (steppers: readonly FirstStepper[]) => Result,
): Promise<Result> {
  return withProgram(entry, (file) => use([...ours(file, threads), ...torch(threads)]));
}

function ours(file: string, threads: readonly number[]): FirstStepper[] {
  return threads.map((count) => ({
    name: `stargrad, ${inWords(count)}`,
    party: "stargrad",
    threads: count,
    answer: (question) => answerOf(process.execPath, [file], JSON.stringify(question)) as Answer,
  }));
}

function torch(threads: readonly number[]): FirstStepper[] {
  for (const interpreter of interpreters) {
    const asked = spawnSync(interpreter, ["-c", "import torch; print(torch.__version__)"], {
      encoding: "utf8",
    });
    if (asked.status !== 0) continue;
    const version = asked.stdout.trim();
    return threads.map((count) => ({
      name: `torch ${version}, ${inWords(count)}`,
      party: `torch ${version}`,
      threads: count,
      answer: (question) => answerOf(interpreter, [script], JSON.stringify(question)) as Answer,
    }));
  }
  console.error(`bench: peer not available: PyTorch: neither ${interpreters.join(" nor ")} has torch`);
  return [];
}

function inWords(threads: number): string {
  return `${threads} thread${threads > 1 ? "s" : ""}`;
}
