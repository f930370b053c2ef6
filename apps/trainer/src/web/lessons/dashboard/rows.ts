import type { Column, EpochRecord, StepCredit } from "../../../dashboard/records.js";
import { restOf } from "../../../dashboard/words.js";
import { decimal, short, signed } from "../../../words/numbers.js";
import type { SumLine } from "../../../words/sum.js";
import type { RunView } from "./run-view.svelte.js";

// The numbers behind the charts, as tables and sums.

interface Rows {
  readonly heads: string[];
  readonly rows: string[][];
}

/** The most rows of a table of steps. */
const mostRows = 200;

export function curveTable(runs: readonly RunView[], column: Column): Rows {
  const known = runs.map((run) => new Map(run.series(column, mostRows)));
  const steps = [...new Set(known.flatMap((values) => [...values.keys()]))].sort((a, b) => a - b);
  return {
    heads: ["step", ...runs.map(({ letter }) => `run ${letter}`)],
    rows: steps.map((step) => [
      String(step),
      ...known.map((values) => (values.has(step) ? short(values.get(step) ?? 0) : "")),
    ]),
  };
}

export function creditTable(credits: readonly StepCredit[]): Rows {
  return {
    heads: ["step", "loss before", "loss after", "promised", "paid", "unexplained"],
    rows: credits.map((credit) => [
      String(credit.step),
      decimal(credit.lossBefore, 5),
      decimal(credit.lossAfter, 5),
      decimal(credit.promise, 5),
      decimal(credit.paid, 5),
      restOf(credit),
    ]),
  };
}

/** How the parts that the layers paid make the change of the loss. */
export function creditSum(credit: StepCredit): SumLine[] {
  const { lossBefore, lossAfter, layers, paid, unexplained } = credit;
  const parts = layers.map((layer) => `(${decimal(layer.paid, 6)})`).join(" + ");
  return [
    {
      name: "loss before − after",
      steps: [`${decimal(lossBefore, 6)} − ${decimal(lossAfter, 6)}`, decimal(lossBefore - lossAfter, 6)],
    },
    { name: "paid by the layers", steps: [parts, decimal(paid, 6)] },
    { name: "unexplained", steps: [signed(unexplained, 8)], isResult: true },
  ];
}

export function histogramTable(epochs: readonly EpochRecord[], layer: number): Rows {
  const known = epochs.filter(({ histograms }) => histograms.length > layer);
  const [first] = known;
  const { range, counts } = first.histograms[layer];
  const edge = (bin: number): string => decimal(-range + (2 * range * bin) / counts.length, 3);
  return {
    heads: ["weights from … to", ...known.map(({ epoch }) => (epoch === 0 ? "start" : `epoch ${epoch}`))],
    rows: counts.map((_, bin) => [
      `${edge(bin)} … ${edge(bin + 1)}`,
      ...known.map(({ histograms }) => String(histograms[layer].counts[bin])),
    ]),
  };
}
