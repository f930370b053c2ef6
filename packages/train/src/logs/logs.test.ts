import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { parseCsv } from "@stargrad/datasets";
import { ArgumentError, StargradError, tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { AppendFile } from "./append-file.js";
import { CsvLog } from "./csv-log.js";
import { histogramOf } from "./histogram.js";
import { JsonLinesLog } from "./json-lines-log.js";
import { SummaryWriter } from "./summary-writer.js";
import { readEvents, type Message } from "../testing/read-events.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-logs-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const golden = fileURLToPath(new URL("../../golden/events.tfevents", import.meta.url));
const seconds = 1764500000.25;

/** The tags and the values of scalars of an event. */
function scalarsOf(event: Message): [string, number][] {
  const texts = new TextDecoder();
  return (event.messages(5)[0]?.messages(1) ?? []).map((value) => [
    texts.decode(value.bytes(1)),
    value.floats(2)[0],
  ]);
}

describe("SummaryWriter", () => {
  it("writes the bytes that TensorBoard's own messages are", async () => {
    vi.spyOn(Date, "now").mockReturnValue(1000 * seconds);
    const writer = new SummaryWriter(join(folder, "runs", "one"), { purgeStep: 3 });
    writer.addScalar("loss", 0.1, 0);
    writer.addScalar("größe/🌟", NaN, 2 ** 31 + 5);
    writer.log(2 ** 53 - 1, { a: Infinity, b: -Infinity });
    await writer.addHistogram("weights", tensor([-1, 0, 1, 1, 3]), 4, { buckets: 4 });
    const picture = [
      [[0, 0.2, 0.4], [0.6, 0.8, 1]],
      [[1, 0.8, 0.6], [0.4, 0.2, 0]],
      [[0, 0, 0], [-1, -2, 0]],
    ]; // prettier-ignore
    await writer.addImage("picture", tensor(picture), 5);
    writer.addText("note", "**größe** 🌟", 6);
    writer.addHyperparameters({ rate: 0.5 });
    writer.close();
    expect(readFileSync(writer.path).toString("hex")).toBe(readFileSync(golden).toString("hex"));
    expect(writer.path).toMatch(/runs\/one\/events\.out\.tfevents\.1764500000\./);
  });

  it.runIf(process.platform === "linux")("fails at once where there are no files, as all logs do", () => {
    for (const open of [
      () => new CsvLog("/proc/x/y.csv"),
      () => new JsonLinesLog("/proc/x/y.jsonl"),
      () => new SummaryWriter("/proc/x/y"),
    ]) {
      expect(open).toThrow(/^(CsvLog|JsonLinesLog|SummaryWriter): cannot open \/proc\/x\/.*: ENOENT/);
    }
  });

  it("has a file of its own for each writer", () => {
    vi.spyOn(Date, "now").mockReturnValue(0);
    for (let i = 0; i < 3; i++) new SummaryWriter(folder).close();
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it("writes what an independent parser reads, whatever the numbers", () => {
    const writer = new SummaryWriter(folder);
    const values = [0, -0, 1e-45, 3.5, 1e39, -1e39, NaN];
    const steps = [0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49 + 1];
    for (const [i, step] of steps.entries()) writer.addScalar(`tag ${i}`, values[i % values.length], step);
    writer.addHyperparameters({ name: "größe", deep: true, shallow: false, rate: 1e-3 });
    const [version, ...events] = readEvents(readFileSync(writer.path));
    expect(new TextDecoder().decode(version.bytes(3))).toBe("brain.Event:2");
    const read = events.slice(0, -1).map((event) => [event.whole(2) ?? 0n, ...scalarsOf(event)]);
    expect(read).toEqual(
      steps.map((step, i) => [BigInt(step), [`tag ${i}`, Math.fround(values[i % values.length])]]),
    );
    writer.close();
    writer.close();
    expect(() => {
      writer.addScalar("loss", 1, 1);
    }).toThrow("is closed");
    expect(readEvents(readFileSync(writer.path))).toHaveLength(steps.length + 3);
  });

  it("counts values that are not finite apart", async () => {
    const writer = new SummaryWriter(folder);
    await writer.addHistogram("w", Float32Array.of(1, NaN, 3, Infinity), 1);
    await writer.addHistogram("none", new Float32Array(0), 1);
    writer.close();
    const [, event, none] = readEvents(readFileSync(writer.path));
    expect(scalarsOf(event)[1]).toEqual(["w/non-finite", 2]);
    expect(none.messages(5)[0].messages(1)).toHaveLength(1);
  });

  it("refuses what it cannot write, and names it", async () => {
    const writer = new SummaryWriter(folder);
    const wrong: [() => unknown, string][] = [
      [() => new SummaryWriter(3 as never), "SummaryWriter: got folder 3; expected a text"],
      [() => new SummaryWriter(folder, { purgeStep: -1 }), "purgeStep -1; expected a whole number of at least 0"],
      [() => { writer.addScalar("", 1, 1); }, 'SummaryWriter.addScalar: got tag ""; expected a name'],
      [() => { writer.addScalar("a", tensor(1) as never, 1); }, "got a tensor for \"value\"; expected a number. Read a tensor with await x.item()"],
      [() => { writer.addScalar("a", 1, 1.5); }, "got step 1.5; expected a whole number"],
      [() => { writer.log(2 ** 53, { a: 1 }); }, "got step 9007199254740992"],
      [() => { writer.log(1, null as never); }, "got values null; expected numbers by name"],
      [() => { writer.addText("a", 3 as never, 1); }, "got text 3; expected a text"],
      [() => { writer.addHyperparameters({ a: [1] as never }); }, "expected numbers, texts and booleans by name"],
    ]; // prettier-ignore
    for (const [call, problem] of wrong) {
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(problem);
    }
    writer.addHyperparameters({});
    expect(() => {
      writer.addHyperparameters({});
    }).toThrow("has hyperparameters already");
    await expect(writer.addImage("a", tensor([1]), 1)).rejects.toThrow("expected [channels, H, W]");
    await expect(writer.addHistogram("a", tensor([1]), 1, { buckets: 0 })).rejects.toThrow("buckets 0");
    writer.close({ failed: true });
    writeFileSync(join(folder, "file"), "");
    expect(() => new SummaryWriter(join(folder, "file"))).toThrow("SummaryWriter: cannot open");
  });

  it("keeps no more memory the more scalars are logged", () => {
    const writer = new SummaryWriter(folder);
    const steps = sized({ short: 3000, long: 1_000_000 });
    const before = process.memoryUsage();
    for (let step = 0; step < steps; step++) writer.addScalar("loss", step, step);
    globalThis.gc?.();
    const after = process.memoryUsage();
    writer.close();
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(50e6);
    expect(statSync(writer.path).size).toBeGreaterThan(40 * steps);
  }, 120_000);
});

describe("histogramOf", () => {
  it.each<[string, number[], number, number[], number[]]>([
    ["equal values", [2, 2, 2], 5, [2], [3]],
    ["the largest numbers", [-1.7e308, 0, 1.7e308], 2, [0, 1.7e308], [1, 2]],
    ["the smallest numbers", [5e-324, 0], 1, [5e-324], [2]],
    ["no finite value", [NaN, Infinity], 3, [], []],
  ])("has buckets for %s", (_, values, buckets, limits, counts) => {
    expect(histogramOf(values, buckets)).toMatchObject({ limits, counts });
  });

  it("has every value in one bucket", () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => Math.tan(i));
    const { counts, limits } = histogramOf(values, 30);
    const expected = limits.map(
      (limit, i) =>
        values.filter((value) => (i === 0 || value >= limits[i - 1]) && (value < limit || i === 29)).length,
    );
    expect(counts).toEqual(expected);
  });
});

describe("JsonLinesLog", () => {
  it("writes an object a line, continues a file, and removes a last line that is cut off", () => {
    vi.spyOn(Date, "now").mockReturnValue(1000 * seconds);
    const path = join(folder, "new", "log.jsonl");
    const log = new JsonLinesLog(path);
    log.log(1, { loss: 0.5, "größe 🌟": NaN, __proto__: 1 });
    log.log(2 ** 40, { ["__proto__"]: -Infinity });
    log.flush();
    log.close();
    const lines = [
      `{"step":1,"time":${seconds},"loss":0.5,"größe 🌟":"NaN"}\n`,
      `{"step":1099511627776,"time":${seconds},"__proto__":"-Infinity"}\n`,
    ].join("");
    expect(readFileSync(path, "utf8")).toBe(lines);
    writeFileSync(path, `${lines}{"step":3,"lo`);
    const continued = new JsonLinesLog(path);
    continued.log(3, {});
    continued.close();
    expect(readFileSync(path, "utf8")).toBe(`${lines}{"step":3,"time":${seconds}}\n`);
    for (const name of ["step", "time"]) {
      expect(() => {
        log.log(1, { [name]: 1 });
      }).toThrow("which the log uses itself");
    }
  });
});

describe("CsvLog", () => {
  it("has a column for each name, also for one that comes later", async () => {
    vi.spyOn(Date, "now").mockReturnValue(1000 * seconds);
    const path = join(folder, "log.csv");
    const log = new CsvLog(path);
    log.log(1, { loss: 0.5 });
    log.log(2, { 'größe, "🌟"': Infinity });
    log.close();
    const continued = new CsvLog(path);
    continued.log(3, { 'größe, "🌟"': NaN, accuracy: 1e21 });
    continued.log(4, {});
    continued.close();
    expect(readFileSync(path, "utf8")).toBe(
      `step,time,loss,"größe, ""🌟""",accuracy
1,${seconds},0.5,,
2,${seconds},,Infinity,
3,${seconds},,NaN,1e+21
4,${seconds},,,
`,
    );
    expect(readdirSync(folder)).toEqual(["log.csv"]);
    const table = await parseCsv(readFileSync(path, "utf8"));
    expect([...table.column("loss").values]).toEqual([0.5, NaN, NaN, NaN]);
  });

  it("pads a file of several blocks", () => {
    const path = join(folder, "log.csv");
    const log = new CsvLog(path);
    for (let step = 0; step < 5000; step++) log.log(step, { loss: 1 / 3 });
    log.log(5000, { late: 1 });
    log.close();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.filter((line) => line.split(",").length !== 4)).toEqual([]);
    expect(lines).toHaveLength(5002);
  });

  it("removes a last row that is cut off, and refuses other files", () => {
    const path = join(folder, "log.csv");
    writeFileSync(path, "step,time,a\n1,2,3\n2,3,");
    const log = new CsvLog(path);
    log.close();
    expect(readFileSync(path, "utf8")).toBe("step,time,a\n1,2,3\n");
    for (const content of ["a,b\n1,2\n", "x", "\n"]) {
      writeFileSync(path, content);
      expect(() => new CsvLog(path)).toThrow("is no log: its first line does not begin with step,time");
      expect(readFileSync(path, "utf8")).toBe(content);
    }
    expect(() => {
      new CsvLog(join(folder, "new.csv")).log(1, { "a\nb": 1 });
    }).toThrow("which has a line break");
  });
});

describe("AppendFile", () => {
  it("is cut back to whole records when the disk is full", () => {
    const files = process.getBuiltinModule("node:fs");
    const file = new AppendFile("test", join(folder, "a"));
    file.append(Uint8Array.of(1, 2));
    const { writeSync } = files;
    let calls = 0;
    vi.spyOn(files, "writeSync").mockImplementation(((handle: number, bytes: Uint8Array, at: number, _: number, to: number) => {
      if (calls++ > 0) throw new Error("ENOSPC: no space left on device");
      return writeSync(handle, bytes, at, 1, to);
    }) as never); // prettier-ignore
    expect(() => {
      file.append(Uint8Array.of(3, 4, 5));
    }).toThrow(StargradError);
    vi.restoreAllMocks();
    expect([...readFileSync(file.path)]).toEqual([1, 2]);
    file.append(Uint8Array.of(6));
    file.close();
    expect([...readFileSync(file.path)]).toEqual([1, 2, 6]);
  });
});
