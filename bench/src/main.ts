import { parseArgs } from "node:util";
import { getEngine } from "@stargrad/tensor";
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

for (const workload of chosen) {
  const candidate = { name: getEngine().name, run: workload.prepare() };
  const [timing] = await measure([candidate], { warmUp: 3, runs });
  console.log(values.json ? JSON.stringify({ workload: workload.name, engine: candidate.name, ...timing }) : line(workload, timing));
}

function line({ name, operations }: Workload, { median, fastest, slowest, runs }: Timing): string {
  const time = `${median.toFixed(2)} ms (${fastest.toFixed(2)} to ${slowest.toFixed(2)}, ${runs} runs)`;
  const rate = operations === 0 ? "" : `, ${(operations / median / 1e6).toFixed(2)} GFLOP/s`;
  return `${name.padEnd(44)} ${getEngine().name}: ${time}${rate}`;
}
