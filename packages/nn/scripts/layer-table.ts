import { getEngine, referenceEngine, setEngine } from "@stargrad/tensor";

import { alignColumns } from "../src/table.js";
import { goldenCases, titleOf, type GoldenCase } from "./golden-cases.js";
import { compareCase, isSameInEval, tolerances, type Comparison, type Float } from "./golden-comparison.js";
import { subjectNames, subjectOf, withoutCase } from "./golden-subjects.js";

/** The engines that every case is run on: the default one, and the oracle. */
const engines = [...new Set([getEngine(), referenceEngine])];

export const dtypes: readonly Float[] = ["float64", "float32"];

/** A comparison, and the case and the engine that it is of. */
interface Result extends Comparison {
  readonly golden: GoldenCase;
  readonly engine: string;
}

interface Column {
  readonly title: string;
  /** Which results it is about. */
  readonly covers: (result: Result) => boolean;
  /** Why it has none for these cases, if there is a good reason. */
  readonly whyNone?: (cases: readonly GoldenCase[], dtype: Float) => string | null;
}

const columns: readonly Column[] = [
  { title: "forward", covers: ({ part }) => part === "forward" },
  {
    title: "input gradient",
    covers: ({ part }) => part === "input gradient",
    whyNone: (cases) => (cases.every(hasOnlyIntegers) ? "integer input" : null),
  },
  {
    title: "parameter gradient",
    covers: ({ part }) => part === "parameter gradient",
    whyNone: (cases, dtype) =>
      cases.every((golden) => isWithoutParameters(golden, dtype)) ? "no parameters" : null,
  },
  {
    title: "eval mode",
    covers: ({ golden }) => !golden.training,
    whyNone(cases, dtype) {
      if (cases.every((golden) => subjectOf(golden, dtype).module === null)) return "a function";
      // On the oracle, which compiles nothing.
      const isSame = on(referenceEngine, () => cases.every((golden) => isSameInEval(golden, dtype)));
      return isSame ? "same bits" : null;
    },
  },
  { title: "odd sizes", covers: ({ golden }) => hasOddSize(golden) },
  ...engines.map(({ name }): Column => ({ title: name, covers: ({ engine }) => engine === name })),
];

function hasOnlyIntegers({ inputs }: GoldenCase): boolean {
  return inputs.every(({ dtype }) => dtype !== undefined);
}

function isWithoutParameters(golden: GoldenCase, dtype: Float): boolean {
  return (subjectOf(golden, dtype).module?.parameters() ?? []).length === 0;
}

/** Whether some axis of an input is longer than 1 and fills no vector of 2, 4 or 8 elements. */
export function hasOddSize({ inputs }: GoldenCase): boolean {
  return inputs.some(({ shape }) => shape.some((length) => length > 1 && length % 2 === 1));
}

/** One layer or loss in one element type: what is printed of it, and what is wrong with it. */
export interface Row {
  readonly cells: readonly string[];
  readonly failures: readonly string[];
}

/**
 * Runs the golden cases of a layer or a loss on each engine: those that `chosen` returns, by default all. The default engine compiles
 * each.
 */
export function rowOf(
  name: string,
  dtype: Float,
  cases: readonly GoldenCase[],
  chosen: (own: readonly GoldenCase[], isReference: boolean) => readonly GoldenCase[] = (own) => own,
): Row {
  const own = cases.filter((golden) => golden.name === name);
  const reason = withoutCase[name];
  if (own.length === 0) {
    const failures =
      reason === undefined ? [`${name} has no golden case; add one to a script in golden/`] : [];
    return { cells: [name, "0", reason ?? "missing", ...columns.slice(1).map(() => "")], failures };
  }
  const results = engines.flatMap((engine) =>
    chosen(own, engine === referenceEngine).flatMap((golden) => {
      const comparisons = on(engine, () => compareCase(golden, dtype));
      return comparisons.map((comparison): Result => ({ ...comparison, golden, engine: engine.name }));
    }),
  );
  const failures = results
    .filter(({ error }) => !(error <= tolerances[dtype]))
    .map(({ golden, engine, message }) => `${titleOf(golden)}, ${dtype} on ${engine}: ${message()}`);
  if (reason !== undefined) failures.push(`${name} has golden cases, and a reason to have none: ${reason}`);
  const cells = columns.map(({ title, covers, whyNone }) => {
    const errors = results.filter(covers).map(({ error }) => error);
    if (errors.length > 0) return writeError(Math.max(...errors));
    const why = whyNone?.(own, dtype) ?? null;
    if (why === null) failures.push(`${name}, ${dtype}: no golden case for the column ${title}`);
    return why ?? "missing";
  });
  return { cells: [name, String(own.length), ...cells], failures };
}

/** Computes on an engine, whichever is set. */
function on<T>(engine: (typeof engines)[number], f: () => T): T {
  const before = getEngine();
  setEngine(engine);
  try {
    return f();
  } finally {
    setEngine(before);
  }
}

function writeError(error: number): string {
  return error === 0 ? "0" : error.toExponential(0);
}

/** Runs every golden case on every engine in float64 and in float32. */
export function layerTable(): { text: string; failures: readonly string[] } {
  const cases = goldenCases();
  const tables = dtypes.map((dtype) => {
    const rows = subjectNames.map((name) => rowOf(name, dtype, cases));
    const header = [dtype, "cases", ...columns.map(({ title }) => title)];
    const lines = [header, ...rows.map(({ cells }) => cells)];
    return {
      text: alignColumns(
        lines,
        header.map((_, i) => (i === 1 ? "right" : "left")),
      ),
      failures: rows.flatMap(({ failures }) => failures),
    };
  });
  const failures = tables.flatMap((table) => table.failures);
  const count = `${subjectNames.length} layers and losses, ${cases.length} cases of PyTorch`;
  const where = `on the engines ${engines.map(({ name }) => name).join(" and ")}`;
  const text = [
    ...tables.map((table) => `${table.text}\n`),
    `${count}, ${where}: the largest errors, relative, absolute below 1. ${failures.length} wrong`,
    ...failures,
  ].join("\n");
  return { text, failures };
}
