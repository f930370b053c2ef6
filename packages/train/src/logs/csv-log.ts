import { ArgumentError, StargradError } from "@stargrad/tensor";
import { expectValues, text } from "@stargrad/tensor/internal";

import { AppendFile } from "./append-file.js";
import { checkedNumbers, type RunLog } from "./run-log.js";

/** The longest first line that is read. */
const longestHead = 2 ** 20;

/**
 * A log as comma-separated values, with a column for each name, and `step` and `time` (seconds since 1970) before them. A number that a step
 * lacks is an empty field. A new name becomes the last column, for which the file is written anew. NaN and infinities are written as
 * NaN, Infinity and -Infinity. An existing log is continued; a last line that was cut off by a power cut is removed.
 *
 * Throws: StargradError if the file cannot be opened or written, or is another table
 */
export class CsvLog implements RunLog {
  readonly #file: AppendFile;
  #columns: readonly string[] = [];

  constructor(path: string) {
    expectValues("CsvLog", { path }, text);
    this.#file = new AppendFile("CsvLog", path);
    if (this.#file.size === 0) return;
    const first = new TextDecoder().decode(this.#head());
    this.#columns = [...first.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]: (string | undefined)[]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
    );
    if (this.#columns[0] !== "step" || this.#columns[1] !== "time") {
      this.#file.close();
      const problem = `${path} is no log: its first line does not begin with step,time`;
      throw new StargradError("CsvLog", problem, "Choose another name");
    }
    this.#file.cutToLines();
  }

  /**
   * Throws: ArgumentError for a step below 0, for what are no numbers, for the names "step" and "time", and for names with line breaks;
   * StargradError if the file cannot be written
   */
  log(step: number, values: Readonly<Record<string, number>>): void {
    const numbers = new Map(checkedNumbers("CsvLog.log", step, values, ["step", "time"]));
    for (const name of numbers.keys()) {
      if (/[\r\n]/.test(name)) {
        throw new ArgumentError("CsvLog.log", `got the name ${JSON.stringify(name)}, which has a line break`);
      }
    }
    this.#addColumns([...numbers.keys()]);
    const fields = this.#columns.slice(2).map((name) => numbers.get(name) ?? "");
    this.#file.append(new TextEncoder().encode(`${[step, Date.now() / 1000, ...fields].join(",")}\n`));
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }

  /** The first line, without its end. */
  #head(): Uint8Array {
    const start = this.#file.read(0, longestHead);
    const end = start.indexOf(10);
    return start.subarray(0, end === -1 ? start.length : end);
  }

  #addColumns(names: readonly string[]): void {
    const known = this.#columns.length === 0 ? ["step", "time"] : this.#columns;
    const added = names.filter((name) => !known.includes(name));
    if (added.length === 0 && this.#columns.length > 0) return;
    const columns = [...known, ...added];
    const head = new TextEncoder().encode(`${columns.map(field).join(",")}\n`);
    // The rows before have an empty field more for each new column.
    const skip = this.#file.size === 0 ? 0 : this.#head().length + 1;
    const padding = `${",".repeat(added.length)}\n`;
    this.#file.rewrite(head, skip, (block) => {
      // Byte by byte, because a block may end within a character.
      const rows = String.fromCharCode(...block).replaceAll("\n", padding);
      return Uint8Array.from(rows, (character) => character.charCodeAt(0));
    });
    this.#columns = columns;
  }
}

/** A name as a field of RFC 4180. */
function field(name: string): string {
  return /[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
