import { ArgumentError } from "@stargrad/tensor";
import { expectValues, wholeFrom, writeValue, type Kind } from "@stargrad/tensor/internal";

/** A log of a run: numbers by name, at a step. `CsvLog`, `JsonLinesLog` and `SummaryWriter` are such logs. */
export interface RunLog {
  /** Appends the numbers of a step. They are in the file when the call returns, also if the process is killed afterwards. */
  log(step: number, values: Readonly<Record<string, number>>): void;
  /** Waits until the disk has everything, so that it survives a power cut. */
  flush(): void;
  /** Closes the file. A closed log refuses further numbers. */
  close(): void;
}

const stepKind: Kind = /* @__PURE__ */ wholeFrom(0);

/** Throws: ArgumentError unless it is a whole number of at least 0 */
export function expectStep(called: string, step: number): void {
  expectValues(called, { step }, stepKind);
}

const namedNumbers: Kind = [
  "numbers by name, such as { loss: 0.5 }",
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
];

/** The numbers of a step, checked. `reserved`: names that the log uses itself */
export function checkedNumbers(
  called: string,
  step: number,
  values: Readonly<Record<string, number>>,
  reserved: readonly string[] = [],
): [name: string, value: number][] {
  expectStep(called, step);
  expectValues(called, { values }, namedNumbers);
  const entries = Object.entries(values);
  for (const [name, value] of entries as [string, unknown][]) {
    if (reserved.includes(name)) {
      throw new ArgumentError(called, `got the name "${name}", which the log uses itself`, "Rename it");
    }
    if (typeof value === "number") continue;
    const problem = `got ${writeValue(value)} for ${JSON.stringify(name)}; expected a number`;
    throw new ArgumentError(called, problem, "Read a tensor with await x.item()");
  }
  return entries;
}
