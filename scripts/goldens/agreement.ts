/** The comparison of a file that a script has just written with the file in the repository. */
export interface Agreement {
  /** `rounding`: the same text, with numbers that differ only by rounding errors. */
  readonly verdict: "same" | "rounding" | "different";
  /** A description of the difference. Empty if there is none. */
  readonly reason: string;
}

/** Rounding errors, from sums in another order or from math functions of another processor, are smaller than this. */
const [relative, absolute] = [1e-9, 1e-14];

/** A number that is not a part of a word, of a hash or of base64. */
const number = /(?<![\w+/.])(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w+/=])/i;

/**
 * Compares two files: binary files by their bytes, text files number by number. A file with a zero byte is binary.
 *
 * Numbers a and b agree if |a − b| ≤ 1e-14 + 1e-9 max(|a|, |b|).
 */
export function compare(committed: Buffer, written: Buffer): Agreement {
  if (committed.equals(written)) return { verdict: "same", reason: "" };
  if (committed.includes(0) || written.includes(0)) return { verdict: "different", reason: "other bytes" };
  const [before, now] = [committed, written].map((file) => file.toString("utf8").split(number));
  let largest = 0;
  // `split` returns text at even indices and numbers at odd ones.
  for (const [i, part] of now.entries()) {
    if (part === before[i]) continue;
    const isNumber = i % 2 === 1 && i < before.length;
    if (!isNumber || !agree(Number(before[i]), Number(part))) {
      return { verdict: "different", reason: difference(before, now, i) };
    }
    largest = Math.max(largest, error(Number(before[i]), Number(part)));
  }
  if (before.length > now.length)
    return { verdict: "different", reason: difference(before, now, now.length) };
  return {
    verdict: "rounding",
    reason: `differs by rounding, at most by ${largest.toExponential(1)}`,
  };
}

function agree(a: number, b: number): boolean {
  return Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b));
}

/** The relative error; for numbers below 1 the absolute error. */
function error(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
}

/** Names the line of the first difference, and quotes the beginning of both texts there. */
function difference(before: readonly string[], now: readonly string[], at: number): string {
  const line = now.slice(0, at).join("").split("\n").length;
  const quote = (parts: readonly string[]) =>
    JSON.stringify(
      parts
        .slice(at, at + 2)
        .join("")
        .slice(0, 40),
    );
  return `line ${line}: ${quote(before)} is now ${quote(now)}`;
}
