import { ArgumentError } from "@stargrad/tensor";

/** Throws an ArgumentError unless every named setting is a finite number of at least 0. */
export function expectNotNegative(called: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected a finite number of at least 0`);
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
