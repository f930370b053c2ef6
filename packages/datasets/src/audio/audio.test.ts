import { readFileSync } from "node:fs";

import { FormatError } from "@stargrad/io";
import { ArgumentError, ShapeError, zeros } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeWav, logMelSpectrogram, readWav, type LogMelOptions } from "../index.js";

interface Golden {
  readonly spectrograms: readonly {
    readonly samples: readonly number[];
    readonly options: LogMelOptions;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
  readonly files: readonly {
    readonly file: string;
    readonly sampleRate: number;
    readonly samples: readonly (readonly number[])[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/audio.json", import.meta.url), "utf8"),
) as Golden;

/** A WAV file of chunks. */
function wavOf(...chunks: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const written = chunks.flatMap(([name, bytes]) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return [Buffer.from(name), size, bytes, Buffer.alloc(bytes.length % 2)];
  });
  return new Uint8Array(Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVE"), ...written]));
}

function formatOf(code: number, channels: number, bits: number, more = 0): Uint8Array {
  const format = Buffer.alloc(16 + more);
  format.writeUInt16LE(code, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(8000, 4);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  return format;
}

describe("decodeWav", () => {
  it("reads what Python's module writes", async () => {
    for (const { file, sampleRate, samples } of golden.files) {
      const bytes = Buffer.from(file, "base64");
      const wav = decodeWav(new Uint8Array(bytes));
      expect(wav.sampleRate).toBe(sampleRate);
      expect(await wav.samples.toArray()).toEqual(samples);
      expect((await readWav(new Blob([bytes]))).samples.shape).toEqual(wav.samples.shape);
    }
  });

  it("reads floats, extended formats, and skips other chunks", async () => {
    const floats = new Uint8Array(Float32Array.of(0.5, -2, 1e-10, 0).buffer);
    const doubles = new Uint8Array(Float64Array.of(0.5, -2).buffer);
    const extended = formatOf(0xfffe, 1, 32, 24);
    extended[24] = 3;
    const odd = ["LIST", Uint8Array.of(1, 2, 3)] as const;
    expect(await decodeWav(wavOf(odd, ["fmt ", formatOf(3, 2, 32)], odd, ["data", floats])).samples.toArray()).toEqual(
      [[0.5, Math.fround(1e-10)], [-2, 0]]); // prettier-ignore
    expect(decodeWav(wavOf(["fmt ", extended], ["data", floats])).samples.shape).toEqual([1, 4]);
    const wav = decodeWav(wavOf(["fmt ", formatOf(3, 1, 64)], ["data", doubles]));
    expect(await wav.samples.toArray()).toEqual([[0.5, -2]]);
    expect(decodeWav(wavOf(["fmt ", formatOf(1, 1, 8)], ["data", new Uint8Array(0)])).samples.shape).toEqual([
      1, 0,
    ]);
  });

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "does not begin with RIFF and WAVE"],
    ["no chunk", wavOf(), "has no samples. Is the file cut off?"],
    ["no format", wavOf(["data", new Uint8Array(4)]), "has samples before their format"],
    ["a short format", wavOf(["fmt ", new Uint8Array(15)], ["data", new Uint8Array(4)]), "format that is too short"],
    ["compressed samples", wavOf(["fmt ", formatOf(85, 1, 16)]), "has samples of 16 bits in format 85; expected PCM"],
    ["12 bits", wavOf(["fmt ", formatOf(1, 2, 12)]), "has samples of 12 bits in format 1"],
    ["no channels", wavOf(["fmt ", formatOf(1, 0, 16)]), "has 0 channels"],
    ["half a sample", wavOf(["fmt ", formatOf(1, 2, 16)], ["data", new Uint8Array(6)]), "no multiple of 4"],
    ["a cut", wavOf(["fmt ", formatOf(1, 1, 8)], ["data", new Uint8Array(6)]).subarray(0, -3), "announces 6 bytes of samples, and has 3"],
  ])("refuses a file with %s", (_, bytes, problem) => {
    expect(() => decodeWav(bytes)).toThrow(FormatError);
    expect(() => decodeWav(bytes)).toThrow(problem);
  }); // prettier-ignore

  it("reads a changed file, or refuses it", () => {
    const good = golden.files.map(({ file }) => new Uint8Array(Buffer.from(file, "base64")));
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.nat(80), fc.nat(255), fc.nat(80), (file, at, value, end) => {
        const bytes = file.with(at % file.length, value).subarray(0, 30 + end);
        try {
          expect(decodeWav(bytes).samples.size).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: sized({ short: 500, long: 50_000 }) },
    );
  });
});

describe("logMelSpectrogram", () => {
  it.each(golden.spectrograms)("is that of torch.stft: $options", async ({ samples, options, ...output }) => {
    const found = await logMelSpectrogram(Float32Array.from(samples), options);
    expect(found.shape).toEqual(output.shape);
    const values = await found.data();
    const worst = Math.max(...output.data.map((value, i) => Math.abs(value - values[i])));
    expect(worst).toBeLessThan(1e-5);
  });

  it("has the defaults of its page, and a floor", async () => {
    const silence = await logMelSpectrogram(zeros([1600]), { sampleRate: 16000, floor: 1 });
    expect(silence.shape).toEqual([80, 11]);
    expect(new Set(await silence.data())).toEqual(new Set([0]));
  });

  it("refuses what it cannot compute", async () => {
    const options = { sampleRate: 16000 };
    await expect(logMelSpectrogram(zeros([1, 1000]), options)).rejects.toThrow("Choose a channel with");
    await expect(logMelSpectrogram(zeros([200]), options)).rejects.toThrow(ShapeError);
    const range = logMelSpectrogram(zeros([1000]), { ...options, maximumFrequency: 9000 });
    await expect(range).rejects.toThrow("got frequencies from 0 to 9000; expected a range within 0 to 8000");
    await expect(logMelSpectrogram(zeros([1000]), { ...options, hopLength: 0 })).rejects.toThrow(
      ArgumentError,
    );
  });
});
