import { ArgumentError } from "@stargrad/tensor";

/** Throws an ArgumentError unless every named setting is a finite number of at least 0. */
export function expectNotNegative(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a finite number of at least 0`);
  }
}

/** Throws an ArgumentError unless every named setting is a finite number above 0. */
export function expectPositive(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isFinite(value) && value > 0) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a finite number above 0`);
  }
}

/** Throws an ArgumentError unless every named setting is a number of at least 0 and below 1. */
export function expectBelowOne(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value >= 0 && value < 1) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a number of at least 0 and below 1`);
  }
}

/** Throws an ArgumentError unless every named setting is a number from 0 to 1. */
export function expectFraction(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value >= 0 && value <= 1) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a number from 0 to 1`);
  }
}

/** Throws an ArgumentError unless every named setting is a whole number of at least 1. */
export function expectCounts(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a whole number of at least 1`);
  }
}

/** Throws an ArgumentError unless both decay rates are in [0, 1). */
export function expectDecayRates(called: string, betas: readonly number[]): void {
  if (betas.length === 2 && betas.every((beta) => beta >= 0 && beta < 1)) return;
  throw new ArgumentError(
    called,
    `got betas [${betas.join(", ")}]; expected two numbers of at least 0 and below 1`,
  );
}
