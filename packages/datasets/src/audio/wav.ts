import { fromData, type Tensor } from "@stargrad/tensor";

import { failing, type Fail } from "../fail.js";
import { expectBytes, expectSource, nameOf, readBytes, type Source } from "../source.js";

/** A recording. */
export interface Wav {
  /** Samples in a second, of each channel. */
  readonly sampleRate: number;
  /** [channels, samples] float32, from −1 to 1. */
  readonly samples: Tensor;
}

/**
 * Decodes a WAV file: PCM of 8, 16, 24 and 32 bits, and floats of 32 and 64 bits, with any number of channels. Whole numbers of b bits
 * are divided by 2^(b − 1), so they are at least −1 and below 1. The result takes at most 4 times the memory of the file.
 *
 * Shapes: samples [channels, samples] float32
 * Throws: FormatError for other formats and for files that are damaged or cut off
 * Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"; torchaudio.load
 */
export function decodeWav(bytes: Uint8Array): Wav {
  expectBytes("decodeWav", bytes, "readWav");
  return decode("decodeWav", bytes);
}

/**
 * Reads a WAV file, as {@link decodeWav} does: a path, or a `File` or `Blob` of a page.
 *
 * Throws: as {@link decodeWav}, naming the file; StargradError if it cannot be read
 */
export async function readWav(source: Source): Promise<Wav> {
  expectSource("readWav", source);
  const called = `readWav(${nameOf(source)})`;
  return decode(called, await readBytes(source, called));
}

interface Format {
  readonly isFloat: boolean;
  readonly channels: number;
  readonly sampleRate: number;
  /** Of a sample. */
  readonly bytes: number;
}

function decode(called: string, bytes: Uint8Array): Wav {
  const fail = failing(called);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || textAt(bytes, 0) !== "RIFF" || textAt(bytes, 8) !== "WAVE") {
    throw fail("does not begin with RIFF and WAVE", "Is it a WAV file? Convert other formats first");
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [name, size, begin] = [textAt(bytes, at), view.getUint32(at + 4, true), at + 8];
    if (name === "data") {
      if (format === undefined) throw fail("has samples before their format");
      // What a program writes that does not know the length yet.
      const isOpen = size === 0xffffffff;
      const length = isOpen ? bytes.length - begin : size;
      if (begin + length > bytes.length) {
        throw fail(
          `announces ${size} bytes of samples, and has ${bytes.length - begin}`,
          "Is the file cut off?",
        );
      }
      return { sampleRate: format.sampleRate, samples: samplesOf(view, begin, length, format, fail) };
    }
    if (begin + size > bytes.length) break;
    if (name === "fmt ") format = formatOf(new DataView(bytes.buffer, bytes.byteOffset + begin, size), fail);
    // A chunk of an odd size has one byte more.
    at = begin + size + (size % 2);
  }
  throw fail("has no samples", "Is the file cut off?");
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

const [pcm, float, extensible] = [1, 3, 0xfffe];

function formatOf(view: DataView, fail: Fail): Format {
  if (view.byteLength < 16) throw fail("has a format that is too short");
  const code = view.getUint16(0, true);
  const isExtended = code === extensible && view.byteLength >= 26;
  const kind = isExtended ? view.getUint16(24, true) : code;
  const [channels, sampleRate] = [view.getUint16(2, true), view.getUint32(4, true)];
  const [block, bits] = [view.getUint16(12, true), view.getUint16(14, true)];
  const isKnown =
    (kind === pcm && [8, 16, 24, 32].includes(bits)) || (kind === float && [32, 64].includes(bits));
  if (!isKnown) {
    throw fail(
      `has samples of ${bits} bits in format ${kind}; expected PCM (1) of 8, 16, 24 or 32 bits, or floats (3) of 32 or 64`,
      "Convert it, as with ffmpeg -i in.wav -c:a pcm_s16le out.wav",
    );
  }
  if (channels === 0 || sampleRate === 0 || block !== (channels * bits) / 8) {
    throw fail(
      `has ${channels} channels of ${bits} bits in blocks of ${block} bytes, ${sampleRate} in a second`,
    );
  }
  return { isFloat: kind === float, channels, sampleRate, bytes: bits / 8 };
}

function samplesOf(view: DataView, begin: number, length: number, format: Format, fail: Fail): Tensor {
  const { channels, bytes, isFloat } = format;
  const count = length / (channels * bytes);
  if (!Number.isInteger(count)) {
    throw fail(`has ${length} bytes of samples, no multiple of ${channels * bytes}`, "Is the file cut off?");
  }
  const read = readers[`${isFloat ? "float" : "pcm"}${8 * bytes}` as keyof typeof readers];
  const samples = new Float32Array(channels * count);
  for (let i = 0; i < samples.length; i++) {
    samples[(i % channels) * count + Math.floor(i / channels)] = read(view, begin + i * bytes);
  }
  return fromData(samples, [channels, count]);
}

/** Reads a sample at a place. */
const readers = {
  pcm8: (view: DataView, at: number) => (view.getUint8(at) - 128) / 2 ** 7,
  pcm16: (view: DataView, at: number) => view.getInt16(at, true) / 2 ** 15,
  pcm24: (view: DataView, at: number) =>
    (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23,
  pcm32: (view: DataView, at: number) => view.getInt32(at, true) / 2 ** 31,
  float32: (view: DataView, at: number) => view.getFloat32(at, true),
  float64: (view: DataView, at: number) => view.getFloat64(at, true),
};
