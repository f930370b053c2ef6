import { columns } from "./records.js";
import type { DashboardRun } from "./run.js";

/** The numbers of a run as a file: a row for each step, or everything that was recorded. */
export function exportOf(run: DashboardRun, format: "csv" | "json"): string {
  if (format === "csv") {
    const rows = run.steps.map((step, i) => [i + 1, ...columns.map((column) => step[column])].join(","));
    return `${["step", ...columns].join(",")}\n${rows.join("\n")}\n`;
  }
  const { data, split, settings, steps, epochs, credits, end } = run;
  const description = {
    name: data.name,
    classes: data.classes,
    training: split.training.length,
    heldOut: split.heldOut.length,
    leaks: split.leaks.length,
  };
  return `${JSON.stringify({ data: description, settings, steps, epochs, credits, end }, null, 1)}\n`;
}
