import { referenceEngine } from "@stargrad/graph";
import { WasmEngine } from "@stargrad/wasm";
import { holdDroppedModels } from "./bounds/dropped-models.js";
import { passThroughShapes } from "./bounds/shapes.js";
import { coldStart } from "./cold-start/cold-start.js";
import { compare } from "./compare.js";
import { firstSteps } from "./first-steps/cases.js";
import { growthOf } from "./first-steps/growth.js";
import { measureFirstStep, type FirstStepRow } from "./first-steps/measure-first-steps.js";
import { withSteppers } from "./first-steps/steppers.js";
import { openHistory } from "./history.js";
import { starvation, starvationTable } from "./loader/starvation.js";
import { readOptions, type Options } from "./options.js";
import { openPeers } from "./peers/all.js";
import {
  coldStartRecords,
  coldStartTable,
  firstStepRecord,
  firstStepTable,
  growthTable,
  heading,
  rowRecord,
  table,
} from "./report.js";
import { stargradOn } from "./stargrad.js";
import { workloads } from "./workloads/all.js";

let options: Options;
try {
  options = readOptions(process.argv.slice(2), { workloads, firstSteps });
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}

const history = options.history === null ? null : openHistory(options.history);
const counts = options.threads === 1 ? [1] : [1, options.threads];
if (options.workloads.length > 0) await compareWorkloads();
if (options.coldStart) {
  const milestones = await coldStart(options.runs);
  publish(coldStartRecords(milestones), coldStartTable(milestones));
}
if (options.firstSteps.length > 0) await measureFirstSteps();
if (options.shapes) publish([{ shapes: await passThroughShapes(2000) }]);
if (options.dropped) publish([{ dropped: await holdDroppedModels(10_000) }]);
if (options.loader) {
  const results = await starvation([0, 1, 4], 300);
  publish([{ loader: results }], starvationTable(results));
}

/** Prints the results, as a table for people or as one line per record, and appends the records to the history. */
function publish(records: readonly object[], people?: string): void {
  const lines = records.map((record) => JSON.stringify(record)).join("\n");
  console.log(options.json ? lines : (people ?? lines));
  history?.append(records);
}

async function compareWorkloads(): Promise<void> {
  const { json, runs, wideVectors, reference, peers } = options;
  const engines = counts.map((threads) => {
    const engine = new WasmEngine({ threads, waitForThreads: true, wideVectors });
    return { engine, name: `${threads} thread${threads > 1 ? "s" : ""}`, threads };
  });
  const contestants = [
    ...engines.map(({ engine, name, threads }) => stargradOn(engine, name, { threads })),
    ...engines.map(({ engine, name, threads }) => stargradOn(engine, name, { threads, replayed: true })),
    ...(reference ? [stargradOn(referenceEngine, "reference engine")] : []),
    ...(peers === "none" ? [] : await openPeers(peers)),
  ];
  if (!json) console.log(`  ${heading}`);
  for (const workload of options.workloads) {
    const rows = await compare(workload, contestants, { warmUp: 1000, turn: 10, runs });
    publish(rows.map(rowRecord), table(workload, rows));
  }
  for (const contestant of contestants) contestant.close?.();
}

async function measureFirstSteps(): Promise<void> {
  const { json, runs } = options;
  if (!json) console.log(`  ${heading}  (milliseconds of CPU time)`);
  await withSteppers(counts, (steppers) => {
    const all: FirstStepRow[] = [];
    for (const step of options.firstSteps) {
      const rows = measureFirstStep(step, steppers, runs);
      publish(rows.map(firstStepRecord), firstStepTable(rows));
      all.push(...rows);
    }
    const growths = growthOf(all);
    if (growths.length > 0) {
      publish(
        growths.map((growth) => ({ growth })),
        growthTable(growths),
      );
    }
  });
}
