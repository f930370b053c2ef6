import { referenceEngine } from "@stargrad/graph";
import { WasmEngine } from "@stargrad/tensor";
import { coldStart } from "./cold-start/cold-start.js";
import { compare } from "./compare.js";
import { readOptions, type Options } from "./options.js";
import { openPeers } from "./peers/all.js";
import { coldStartLines, coldStartTable, heading, jsonLine, table } from "./report.js";
import { stargradOn } from "./stargrad.js";
import { workloads } from "./workloads/all.js";

let options: Options;
try {
  options = readOptions(process.argv.slice(2), workloads);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}

const counts = options.threads === 1 ? [1] : [1, options.threads];
const engines = counts.map((threads) => {
  const engine = new WasmEngine({ threads, waitForThreads: true, wideVectors: options.wideVectors });
  return { engine, name: `${threads} thread${threads > 1 ? "s" : ""}` };
});
const contestants = [
  ...engines.map(({ engine, name }) => stargradOn(engine, name)),
  ...engines.map(({ engine, name }) => stargradOn(engine, name, { replayed: true })),
  ...(options.reference ? [stargradOn(referenceEngine, "reference engine")] : []),
  ...(options.peers ? await openPeers() : []),
];
if (!options.json) console.log(`  ${heading}`);
for (const workload of options.workloads) {
  const rows = await compare(workload, contestants, { warmUp: 300, turn: 10, runs: options.runs });
  console.log(options.json ? rows.map(jsonLine).join("\n") : table(workload, rows));
}
if (options.coldStart) {
  const milestones = await coldStart(options.runs);
  console.log(options.json ? coldStartLines(milestones) : coldStartTable(milestones));
}
for (const contestant of contestants) contestant.close?.();
