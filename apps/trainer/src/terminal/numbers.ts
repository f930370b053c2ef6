import { InvalidArgumentError } from "commander";

/** Makes a check for whole numbers. */
export function isWhole(least: number): (value: unknown) => boolean {
  return (value) => Number.isSafeInteger(value) && Number(value) >= least;
}

export function isPositive(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) > 0;
}

/** Reads a whole number from the command line. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && isWhole(least)(value)) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

/** Reads a number above 0 from the command line. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (isPositive(value)) return value;
  throw new InvalidArgumentError("Expected a number above 0.");
}

/** Reads a fraction from the command line: at least 0, and below 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a number from 0 up to, but not including, 1.");
}
