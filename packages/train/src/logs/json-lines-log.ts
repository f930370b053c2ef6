import { expectValues, text } from "@stargrad/tensor/internal";

import { AppendFile } from "./append-file.js";
import { checkedNumbers, type RunLog } from "./run-log.js";

/**
 * A log as JSON lines: `{"step":1,"time":1764500000.5,"loss":0.25}`, one object for each call. `time` is in seconds since 1970. NaN and
 * infinities, which JSON lacks, are the texts "NaN", "Infinity" and "-Infinity". An existing file is continued; a last line that was
 * cut off by a power cut is removed.
 *
 * Throws: StargradError if the file cannot be opened or written
 */
export class JsonLinesLog implements RunLog {
  readonly #file: AppendFile;

  constructor(path: string) {
    expectValues("JsonLinesLog", { path }, text);
    this.#file = new AppendFile("JsonLinesLog", path);
    this.#file.cutToLines();
  }

  /** Throws: ArgumentError for a step below 0, for what are no numbers, and for the names "step" and "time" */
  log(step: number, values: Readonly<Record<string, number>>): void {
    const numbers = checkedNumbers("JsonLinesLog.log", step, values, ["step", "time"]);
    const written = numbers.map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]);
    // Without a prototype, so that "__proto__" is a name like others.
    const row = Object.assign(Object.create(null) as object, { step, time: Date.now() / 1000 });
    for (const [name, value] of written) Object.defineProperty(row, name, { value, enumerable: true });
    this.#file.append(new TextEncoder().encode(`${JSON.stringify(row)}\n`));
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }
}
