import { parseArgs } from "node:util";
import { coldStartName } from "./cold-start/cold-start.js";
import type { Workload } from "./workload.js";

export interface Options {
  readonly workloads: readonly Workload[];
  /** Whether to measure how long the first step of a new process takes. */
  readonly coldStart: boolean;
  readonly runs: number;
  /** How many threads our engine may use, besides a run on one. */
  readonly threads: number;
  /** Whether our engine may use vectors of 256 bits, where V8 has them. */
  readonly wideVectors: boolean;
  readonly peers: boolean;
  readonly reference: boolean;
  readonly json: boolean;
}

/**
 * Reads the command line.
 *
 * Throws: Error if there is no such option, no such workload, or if the number of runs is none
 */
export function readOptions(args: readonly string[], all: readonly Workload[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", default: "" },
      runs: { type: "string", default: "15" },
      threads: { type: "string", default: "2" },
      "wide-vectors": { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      reference: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { only, "wide-vectors": wideVectors, peers, reference, json } = values;
  const workloads = all.filter(({ name }) => name.includes(only));
  const coldStart = coldStartName.includes(only);
  if (workloads.length === 0 && !coldStart) {
    throw new Error(
      `no workload is named like "${only}"; there are: ${[...all, { name: coldStartName }].map(({ name }) => name).join("; ")}`,
    );
  }
  const [runs, threads] = [wholeNumber("runs", values.runs), wholeNumber("threads", values.threads)];
  return { workloads, coldStart, runs, threads, wideVectors, peers, reference, json };
}

function wholeNumber(option: string, written: string): number {
  const value = Number(written);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`got --${option} ${written}; expected a whole number of at least 1`);
}
