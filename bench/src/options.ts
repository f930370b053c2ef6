import { parseArgs } from "node:util";
import { coldStartName } from "./cold-start/cold-start.js";
import type { FirstStep } from "./first-steps/first-step.js";
import type { Workload } from "./workload.js";

export interface Options {
  readonly workloads: readonly Workload[];
  /** Whether to measure the first step of a new process. */
  readonly coldStart: boolean;
  /** First steps of deep and of long programs. */
  readonly firstSteps: readonly FirstStep[];
  /** Whether to train with 2,000 shapes in turn. */
  readonly shapes: boolean;
  /** Whether to make and drop 10,000 models. */
  readonly dropped: boolean;
  /** Whether to measure how long a training waits for its batches. */
  readonly loader: boolean;
  readonly runs: number;
  /** The number of threads for Stargrad's engine, in addition to a run on one. */
  readonly threads: number;
  /** Whether Stargrad's engine may use vectors of 256 bits, if V8 supports them. */
  readonly wideVectors: boolean;
  /** Which peers take part: none, PyTorch alone, or all. */
  readonly peers: "none" | "torch" | "all";
  readonly reference: boolean;
  readonly json: boolean;
  /** A file that every figure is appended to, or `null`. */
  readonly history: string | null;
}

/** Everything that can be selected by name. */
export interface Measurable {
  readonly workloads: readonly Workload[];
  readonly firstSteps: readonly FirstStep[];
}

/**
 * Reads the command line. With depth, shapes, dropped models or the loader, nothing else is measured.
 *
 * Throws: Error for an unknown option, for a name that matches nothing, and for a number that is not a whole number above 0
 */
export function readOptions(args: readonly string[], all: Measurable): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", default: "" },
      depth: { type: "boolean", default: false },
      shapes: { type: "boolean", default: false },
      dropped: { type: "boolean", default: false },
      loader: { type: "boolean", default: false },
      runs: { type: "string", default: "15" },
      threads: { type: "string", default: "2" },
      "wide-vectors": { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      torch: { type: "boolean", default: false },
      reference: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      history: { type: "string" },
    },
  });
  const { only, depth, shapes, dropped, loader, "wide-vectors": wideVectors, reference, json } = values;
  const usual = !(depth || shapes || dropped || loader);
  const named = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
    list.filter(({ name }) => name.includes(only));
  const workloads = usual ? named(all.workloads) : [];
  const coldStart = usual && coldStartName.includes(only);
  const firstSteps = depth ? named(all.firstSteps) : [];
  if (workloads.length + firstSteps.length === 0 && !coldStart && !shapes && !dropped && !loader) {
    const names = usual ? [...all.workloads, { name: coldStartName }] : all.firstSteps;
    throw new Error(
      `got --only "${only}", which matches no name; the names are: ${names.map(({ name }) => name).join("; ")}`,
    );
  }
  const peers = values.peers ? "all" : values.torch ? "torch" : "none";
  const [runs, threads] = [wholeNumber("runs", values.runs), wholeNumber("threads", values.threads)];
  return {
    workloads,
    coldStart,
    firstSteps,
    shapes,
    dropped,
    loader,
    runs,
    threads,
    wideVectors,
    peers,
    reference,
    json,
    history: values.history ?? null,
  };
}

function wholeNumber(option: string, written: string): number {
  const value = Number(written);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`got --${option} ${written}; expected a whole number of at least 1`);
}
