/**
 * `|DFT(frame)|²` of the frequencies 0 … ⌊n / 2⌋. An even length is divided into halves, an odd one is summed directly.
 *
 * Source: Cooley and Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series"
 */
export function powerSpectrum(frame: Float64Array): Float64Array {
  const { real, imaginary } = transform(frame, 0, 1, frame.length);
  return Float64Array.from(
    { length: Math.floor(frame.length / 2) + 1 },
    (_, k) => real[k] ** 2 + imaginary[k] ** 2,
  );
}

interface Complex {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** The transform of `length` elements from `start`, `stride` apart. */
function transform(frame: Float64Array, start: number, stride: number, length: number): Complex {
  if (length % 2 !== 0) return direct(frame, start, stride, length);
  const half = length / 2;
  const even = transform(frame, start, 2 * stride, half);
  const odd = transform(frame, start + stride, 2 * stride, half);
  const [real, imaginary] = [new Float64Array(length), new Float64Array(length)];
  const { cosines, sines } = rootsOf(length);
  for (let k = 0; k < half; k++) {
    const re = odd.real[k] * cosines[k] + odd.imaginary[k] * sines[k];
    const im = odd.imaginary[k] * cosines[k] - odd.real[k] * sines[k];
    real[k] = even.real[k] + re;
    imaginary[k] = even.imaginary[k] + im;
    real[k + half] = even.real[k] - re;
    imaginary[k + half] = even.imaginary[k] - im;
  }
  return { real, imaginary };
}

function direct(frame: Float64Array, start: number, stride: number, length: number): Complex {
  const [real, imaginary] = [new Float64Array(length), new Float64Array(length)];
  const { cosines, sines } = rootsOf(length);
  for (let k = 0; k < length; k++) {
    for (let i = 0, turn = 0; i < length; i++) {
      real[k] += frame[start + i * stride] * cosines[turn];
      imaginary[k] -= frame[start + i * stride] * sines[turn];
      turn += k;
      if (turn >= length) turn -= length;
    }
  }
  return { real, imaginary };
}

const known = new Map<number, { readonly cosines: Float64Array; readonly sines: Float64Array }>();

/** The cosines and sines of 2πk / n. */
function rootsOf(length: number) {
  const found = known.get(length);
  if (found !== undefined) return found;
  const angles = Float64Array.from({ length }, (_, k) => (2 * Math.PI * k) / length);
  const roots = { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) };
  // Few lengths occur; a limit, in case someone tries many.
  if (known.size > 100) known.clear();
  known.set(length, roots);
  return roots;
}
