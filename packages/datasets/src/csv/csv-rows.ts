import { StargradError } from "@stargrad/tensor";
import type { Info, Options } from "csv-parse";

import { failing, reasonOf, type Fail } from "../fail.js";

/** A row of a CSV file. */
export interface CsvRow {
  readonly fields: readonly string[];
  /** The line on which the row ends, counted from 1. */
  readonly line: number;
}

/** The most characters of a row. A quote that is never closed would otherwise collect the whole file. */
const longestRow = 2 ** 24;

/**
 * Divides a text that arrives in pieces into rows of fields, as RFC 4180 describes them. Empty lines are left out.
 *
 * Throws: FormatError for wrong quotes
 */
export async function* csvRows(
  called: string,
  texts: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<CsvRow> {
  const fail = failing(called);
  const { parse } = await import("#csv-parse");
  const options: Options = {
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: longestRow,
  };
  const parser = parse(options);
  const rows: CsvRow[] = [];
  let problem: StargradError | undefined;
  parser.on("data", ({ record, info }: { record: string[]; info: Info }) => {
    rows.push({ fields: record, line: info.lines });
  });
  parser.on("error", (error: Error) => {
    problem ??= csvProblem(error, fail);
  });
  const rest = function* (): Generator<CsvRow> {
    yield* rows.splice(0);
    if (problem !== undefined) throw problem;
  };
  for await (const text of texts) {
    await new Promise<void>((resolve) => {
      parser.write(text, () => {
        resolve();
      });
    });
    yield* rest();
  }
  await new Promise<void>((resolve) => {
    parser.on("end", resolve);
    parser.on("error", () => {
      resolve();
    });
    parser.end();
  });
  yield* rest();
}

/** The names of the problems, in a user's words. */
const problems = new Map([
  ["CSV_QUOTE_NOT_CLOSED", "a quote is not closed"],
  ["CSV_INVALID_CLOSING_QUOTE", "text follows a closing quote"],
  ["CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE", "text follows a closing quote"],
  ["INVALID_OPENING_QUOTE", "a quote is in the middle of a field"],
  ["CSV_MAX_RECORD_SIZE", `a row has more than ${longestRow} characters`],
]);

function csvProblem(
  error: Error & { code?: string; lines?: number; column?: unknown },
  fail: Fail,
): StargradError {
  const where = error.lines === undefined ? "" : `line ${error.lines}, column ${1 + Number(error.column)}: `;
  const what = problems.get(error.code ?? "") ?? reasonOf(error);
  return fail(`${where}${what}`, 'A field with quotes in it is written "like ""this"""', error);
}
