import { wrap } from "../terminal/text.js";
import { short, thousands } from "../words/numbers.js";
import type { Beginning, Outcome, Report } from "./events.js";

/** Describes the text, its baselines, the model, and where the run is saved. */
export function introductionLines(
  {
    characters,
    vocabulary,
    validation,
    baselines: { unigramLoss, bigramLoss },
    parameters,
    settings: { context, batchSize },
    source,
    ...run
  }: Beginning,
  width: number,
): string[] {
  const data =
    `${source} has ${thousands(characters)} characters, ${vocabulary.size} different ones; ` +
    `the last ${thousands(validation.length)} are kept for validation. ` +
    `A guess by the frequency of each character has a loss of ${short(unigramLoss)} nats per character; ` +
    `a guess by its frequency after the character before it (a bigram), ${short(bigramLoss)}.`;
  const model =
    `A transformer with ${thousands(parameters)} weights learns to do better, ` +
    `with a context of ${context} characters and ${batchSize} passages per step. ${savingNote(run)}`;
  return [...wrap(data, width), ...wrap(model, width)];
}

function savingNote({
  destination,
  step,
  steps,
  every,
}: Pick<Beginning, "destination" | "step" | "steps" | "every">): string {
  if (step === steps) return `The run in ${destination} already has all ${steps} steps.`;
  if (step > 0) return `Continuing the run in ${destination}, after step ${step}.`;
  return `Saved in ${destination} after every ${every} steps, and at Ctrl-C.`;
}

/** `trainLoss` is the mean since the last report; NaN if there were no steps. */
export function reportLine(
  { step, steps, validationLoss, seconds }: Omit<Report, "sample">,
  trainLoss: number,
): string {
  const position = `step ${String(step).padStart(String(steps).length)}/${steps}`;
  const loss = Number.isNaN(trainLoss) ? "" : `  loss ${short(trainLoss)}`;
  return `${position}${loss}  validation ${short(validationLoss)}  ${seconds.toFixed(0)} s`;
}

/** Formats a text of the model: indented, and without control characters for the terminal. */
export function sampleLines(sample: string, width: number): string[] {
  const visible = sample
    .replaceAll("\t", " ")
    // Invisible characters may control the terminal, for example the start of an escape sequence.
    .replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, "·")
    .replace(/^\n+|\n+$/g, "");
  return visible
    .split("\n")
    .flatMap((line) => pieces(line, width - 4))
    .map((line) => `  │ ${line}`.trimEnd());
}

/** Divides a line after spaces, and words that are longer than the width. Nothing is left out. */
function pieces(line: string, width: number): string[] {
  return line.match(new RegExp(`.{1,${width}}(?:(?<= )|$)|.{1,${width}}`, "gu")) ?? [""];
}

/** Compares the loss on the validation text with the loss of a bigram model. */
export function outcomeLines({
  validationLoss,
  bigramLoss,
}: Pick<Outcome, "validationLoss" | "bigramLoss">): string[] {
  const verdict = validationLoss < bigramLoss ? "The model is better." : "The bigram is still better.";
  return [
    `Validation: ${short(validationLoss)} nats per character, as hard as choosing among ${choices(validationLoss)}.`,
    `A bigram: ${short(bigramLoss)}, among ${choices(bigramLoss)}. ${verdict}`,
  ];
}

/** The perplexity: a choice among this many equally likely characters is equally hard. */
function choices(loss: number): string {
  return short(Math.exp(loss));
}
