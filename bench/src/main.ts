import { parseArgs } from "node:util";
import { referenceEngine, type Engine } from "@stargrad/graph";
import { getEngine, setEngine } from "@stargrad/tensor";
import { measure, type Timing } from "./measure.js";
import { workloads, type Workload } from "./workloads.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    runs: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
  },
});

const chosen = workloads.filter(({ name }) => name.includes(values.only));
const runs = Number(values.runs);
if (chosen.length === 0 || !Number.isInteger(runs) || runs < 1) {
  console.error(
    chosen.length === 0
      ? `bench: no workload is named like "${values.only}"; there are: ${workloads.map(({ name }) => name).join("; ")}`
      : `bench: got --runs ${values.runs}; expected a whole number of at least 1`,
  );
  process.exit(2);
}

const engines = [getEngine(), referenceEngine];
for (const workload of chosen) {
  const candidates = engines.map((engine) => ({ name: engine.name, run: on(engine, workload.prepare()) }));
  const timings = await measure(candidates, { warmUp: 3, runs });
  timings.forEach((timing, i) => {
    const { name } = engines[i];
    console.log(
      values.json
        ? JSON.stringify({ workload: workload.name, engine: name, ...timing })
        : line(workload, name, timing),
    );
  });
}

/** Runs something on one engine, whichever is chosen in between. */
function on(engine: Engine, run: () => Promise<void>): () => Promise<void> {
  return () => {
    setEngine(engine);
    return run();
  };
}

function line({ name, operations }: Workload, engine: string, timing: Timing): string {
  const { median, fastest, slowest, runs: count } = timing;
  const time = `${median.toFixed(2)} ms (${fastest.toFixed(2)} to ${slowest.toFixed(2)}, ${count} runs)`;
  const rate = operations === 0 ? "" : `, ${(operations / median / 1e6).toFixed(2)} GFLOP/s`;
  return `${name.padEnd(40)} ${engine.padEnd(9)} ${time}${rate}`;
}
