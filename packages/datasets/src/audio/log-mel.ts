import { ArgumentError, fromData, ShapeError, type Tensor, type TypedArray } from "@stargrad/tensor";
import { count, expectOptions, notNegative, oneOf, positive, toTensor } from "@stargrad/tensor/internal";

import { powerSpectrum } from "./power-spectrum.js";

export interface LogMelOptions {
  /** Samples in a second. */
  readonly sampleRate: number;
  /** Samples in a frame. Default: 400. */
  readonly fftSize?: number;
  /** Samples from one frame to the next. Default: 160. */
  readonly hopLength?: number;
  /** Default: 80. */
  readonly melBands?: number;
  /** The lowest frequency, in hertz. Default: 0. */
  readonly minimumFrequency?: number;
  /** The highest frequency, in hertz. Default: sampleRate / 2. */
  readonly maximumFrequency?: number;
  /** The scale of frequencies: "htk" with bands of height 1, or "slaney" with bands of area 1. Default: "htk". */
  readonly scale?: "htk" | "slaney";
  /** Smaller energies become this one before the logarithm. Default: 1e-10. */
  readonly floor?: number;
}

/**
 * The logarithm of the energies of a recording in bands of frequencies: `ln(max(filters · |STFT|², floor))`. Frames of `fftSize` samples are
 * weighted by a periodic Hann window. The first frame is centred on the first sample; the samples outside are mirrored.
 *
 * The scale "htk" is 2595 · log₁₀(1 + f / 700). "slaney" is linear below 1000 Hz and logarithmic above, and each band is divided by its
 * width.
 *
 * Shapes: samples [N] -> [melBands, 1 + ⌊N / hopLength⌋] float32
 * Defaults: fftSize 400, hopLength 160, melBands 80, all frequencies, the scale of HTK, floor 1e-10
 * Throws: ShapeError for other shapes, and for at most fftSize / 2 samples; ArgumentError for options out of range
 * Source: torchaudio.transforms.MelSpectrogram; librosa.feature.melspectrogram
 */
export async function logMelSpectrogram(
  samples: Tensor | TypedArray,
  options: LogMelOptions,
): Promise<Tensor> {
  const called = "logMelSpectrogram";
  expectOptions<LogMelOptions>(
    called,
    options,
    {
      sampleRate: positive,
      fftSize: count,
      hopLength: count,
      melBands: count,
      minimumFrequency: notNegative,
      maximumFrequency: positive,
      scale: oneOf("htk", "slaney"),
      floor: positive,
    },
    ["sampleRate"],
  );
  const { fftSize = 400, hopLength = 160, melBands = 80, floor = 1e-10 } = options;
  const input = toTensor(called, samples);
  if (input.ndim !== 1 || input.shape[0] <= fftSize / 2) {
    throw new ShapeError(
      called,
      `got samples of shape [${input.shape.join(", ")}]; expected [N] with more than ${fftSize / 2}, half a frame`,
      "Choose a channel with samples.select(0, channel), or mean({ axis: 0 })",
    );
  }
  const filters = melFilters(called, { ...options, fftSize, melBands });
  const values = await input.data();
  const frames = 1 + Math.floor(values.length / hopLength);
  const energies = new Float32Array(melBands * frames);
  const window = Float64Array.from(
    { length: fftSize },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / fftSize),
  );
  const frame = new Float64Array(fftSize);
  for (let t = 0; t < frames; t++) {
    const start = t * hopLength - Math.floor(fftSize / 2);
    for (let i = 0; i < fftSize; i++) frame[i] = window[i] * values[mirrored(start + i, values.length)];
    const power = powerSpectrum(frame);
    for (const [band, { begin, weights }] of filters.entries()) {
      let energy = 0;
      for (let i = 0; i < weights.length; i++) energy += weights[i] * power[begin + i];
      energies[band * frames + t] = Math.log(Math.max(energy, floor));
    }
  }
  return fromData(energies, [melBands, frames]);
}

/** The index that an index outside is mirrored to, at the first and at the last sample. */
function mirrored(index: number, length: number): number {
  const positive = Math.abs(index);
  return positive < length ? positive : 2 * (length - 1) - positive;
}

/** The part of a filter that is not 0. */
interface Filter {
  readonly begin: number;
  readonly weights: Float64Array;
}

/** Triangles between equally spaced frequencies of the scale. */
function melFilters(
  called: string,
  {
    sampleRate,
    fftSize,
    melBands,
    minimumFrequency = 0,
    maximumFrequency = sampleRate / 2,
    scale = "htk",
  }: LogMelOptions & { readonly fftSize: number; readonly melBands: number },
): Filter[] {
  if (maximumFrequency > sampleRate / 2 || minimumFrequency >= maximumFrequency) {
    throw new ArgumentError(
      called,
      `got frequencies from ${minimumFrequency} to ${maximumFrequency}; expected a range within 0 to ${sampleRate / 2}, half the sample rate`,
    );
  }
  const { toMel, toHertz } = scales[scale];
  const [low, high] = [toMel(minimumFrequency), toMel(maximumFrequency)];
  const edges = Array.from({ length: melBands + 2 }, (_, i) =>
    toHertz(low + ((high - low) * i) / (melBands + 1)),
  );
  return Array.from({ length: melBands }, (_, band) => {
    const [left, centre, right] = edges.slice(band, band + 3);
    const height = scale === "slaney" ? 2 / (right - left) : 1;
    const step = sampleRate / fftSize;
    const begin = Math.ceil(left / step);
    const end = Math.min(Math.floor(right / step), Math.floor(fftSize / 2));
    const weights = Float64Array.from({ length: Math.max(0, end - begin + 1) }, (_, i) => {
      const frequency = (begin + i) * step;
      const weight = Math.min((frequency - left) / (centre - left), (right - frequency) / (right - centre));
      return height * Math.max(0, weight);
    });
    return { begin, weights };
  });
}

/** The logarithmic part of Slaney's scale: 27 mels multiply the frequency by 6.4. */
const slaneyStep = Math.log(6.4) / 27;

const scales = {
  htk: {
    toMel: (hertz: number) => 2595 * Math.log10(1 + hertz / 700),
    toHertz: (mel: number) => 700 * (10 ** (mel / 2595) - 1),
  },
  slaney: {
    toMel: (hertz: number) => (hertz < 1000 ? (3 * hertz) / 200 : 15 + Math.log(hertz / 1000) / slaneyStep),
    toHertz: (mel: number) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(slaneyStep * (mel - 15))),
  },
};
