import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FormatError } from "@stargrad/io";
import { ArgumentError, IndexError, StargradError } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DataLoader, readText, splitTokens, textWindows } from "./index.js";

describe("readText", () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "stargrad-datasets-"))));
  afterEach(() => rm(directory, { recursive: true }));

  const read = async (bytes: string | Uint8Array): Promise<string> => {
    await writeFile(join(directory, "text"), bytes);
    return readText(join(directory, "text"));
  };

  it("reads UTF-8, with a byte order mark or without", async () => {
    expect(await read("naïve\r\n😀")).toBe("naïve\r\n😀");
    expect(await read("\ufeffnaïve")).toBe("naïve");
    expect(await read("")).toBe("");
  });

  it("reads a pipe", async () => {
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [text] = await Promise.all([readText(pipe), writeFile(pipe, "naïve")]);
    expect(text).toBe("naïve");
  });

  it("rejects other encodings, and a missing file", async () => {
    const latin1 = read(Uint8Array.of(0x6e, 0x61, 0xef, 0x76, 0x65));
    await expect(latin1).rejects.toThrow(FormatError);
    await expect(latin1).rejects.toThrow(`readText(${join(directory, "text")}): is not UTF-8`);
    await expect(readText(join(directory, "missing"))).rejects.toThrow(StargradError);
  });

  it("says that a text is longer than a string can be", async () => {
    const readFile = () => Promise.resolve({ length: 2 ** 29 });
    const stat = () => Promise.resolve({ isFile: () => true });
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({ readFile, stat });
    vi.spyOn(TextDecoder.prototype, "decode").mockImplementation(() => {
      throw new TypeError("what the decoder says");
    });
    const reading = readText("endless");
    await expect(reading).rejects.toThrow(
      "readText(endless): has 536870912 bytes; a string has at most 536870888 characters. Divide the text into parts",
    );
    vi.restoreAllMocks();
  });
});

const count = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);

describe("splitTokens", () => {
  it("holds out the end of the text, a tenth by default, and at most the given number of tokens", () => {
    const parts = (length: number, options = {}) => {
      const { training, validation } = splitTokens(count(length), options);
      expect([...training, ...validation]).toEqual([...count(length)]);
      return [training.length, validation.length];
    };
    expect(parts(100)).toEqual([90, 10]);
    expect(parts(19)).toEqual([18, 1]);
    expect(parts(9)).toEqual([9, 0]);
    expect(parts(100, { validation: 0.25 })).toEqual([75, 25]);
    expect(parts(100, { atMost: 3 })).toEqual([97, 3]);
    expect(splitTokens(count(2 ** 21)).validation.length).toBe(2 ** 17);
  });

  it.each([{ validation: 1 }, { validation: -0.1 }, { validation: NaN }, { atMost: -1 }])(
    "refuses %j",
    (options) => {
      expect(() => splitTokens(count(10), options)).toThrow(ArgumentError);
    },
  );
});

describe("textWindows", () => {
  it("are all windows of the text, each with its next tokens", () => {
    const windows = textWindows(count(6), { length: 3 });
    expect(windows.length).toBe(3);
    const { x, y } = windows.batch(Int32Array.of(2, 0));
    expect([x.dtype, y.dtype]).toEqual(["int32", "int32"]);
    expect(x.toArraySync()).toEqual([
      [2, 3, 4],
      [0, 1, 2],
    ]);
    expect(y.toArraySync()).toEqual([
      [3, 4, 5],
      [1, 2, 3],
    ]);
  });

  it.each([
    [4, 1],
    [6, 1],
    [7, 2],
    [9, 2],
    [10, 3],
  ])("stand side by side with a stride of their length: %i tokens make %i of 3", (tokens, windows) => {
    const loader = new DataLoader(textWindows(count(tokens), { length: 3, stride: 3 }), { batchSize: 1 });
    const targets = [...loader].flatMap(({ x, y }) => {
      expect(x.add(1).toArraySync()).toEqual(y.toArraySync());
      return [...y.dataSync()];
    });
    // Each token is a target at most once, and no token is left out in between.
    expect(targets).toEqual([...count(3 * windows)].map((token) => token + 1));
  });

  it("rejects a text that is too short, wrong options, and an index out of range", () => {
    expect(() => textWindows(count(3), { length: 3 })).toThrow(
      "textWindows: got 3 tokens; expected at least 4, a window of 3 and the token after it",
    );
    for (const options of [{ length: 0 }, { length: 1.5 }, { length: 2, stride: 0 }]) {
      expect(() => textWindows(count(10), options)).toThrow(ArgumentError);
    }
    const odd = [
      Promise.resolve(count(9)),
      [1, 2],
      Float32Array.of(1),
      BigInt64Array.of(1n),
      new DataView(new ArrayBuffer(8)),
    ];
    for (const tokens of odd) {
      expect(() => textWindows(tokens as never, { length: 1 })).toThrow("expected tokens, an Int32Array");
    }
    expect(textWindows(Uint16Array.of(1, 2, 3) as never, { length: 1 }).length).toBe(2);
    expect(() => textWindows(count(4), { length: 3 }).batch(Int32Array.of(1))).toThrow(IndexError);
  });
});
