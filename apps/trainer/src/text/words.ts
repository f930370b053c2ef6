import { short, wrap } from "../terminal/text.js";
import type { Beginning, Outcome, Report } from "./events.js";

const lineWidth = 78;

/** What is going to be learned, by what, and what it has to beat. */
export function introductionLines({
  characters,
  vocabulary,
  validation,
  baselines: { unigramLoss, bigramLoss },
  parameters,
  settings: { context, batchSize },
  source,
  ...run
}: Beginning): string[] {
  const data =
    `${source} has ${grouped(characters)} characters, ${vocabulary.size} different ones; ` +
    `the last ${grouped(validation.length)} are kept for validation. ` +
    `To guess these by how often each comes costs ${short(unigramLoss)} nats per character; ` +
    `by how often it comes after the one before, as a bigram does, ${short(bigramLoss)}.`;
  const model =
    `A transformer with ${grouped(parameters)} knobs learns to do better, ` +
    `from ${context} characters at once, ${batchSize} passages at a time. ${savingNote(run)}`;
  return [...wrap(data, lineWidth), ...wrap(model, lineWidth)];
}

function savingNote({
  destination,
  step,
  steps,
  every,
}: Pick<Beginning, "destination" | "step" | "steps" | "every">): string {
  if (destination === undefined) return "Nothing is saved without --checkpoint.";
  if (step === steps) return `${destination} has all ${steps} steps already.`;
  if (step > 0) return `Going on from ${destination}, after step ${step}.`;
  return `Saved in ${destination} after every ${every} steps.`;
}

/** `trainLoss` is the mean since the last report; NaN if there were no steps. */
export function reportLine(
  { step, steps, validationLoss, seconds }: Omit<Report, "sample">,
  trainLoss: number,
): string {
  const place = `step ${String(step).padStart(String(steps).length)}/${steps}`;
  const loss = Number.isNaN(trainLoss) ? "" : `  loss ${short(trainLoss)}`;
  return `${place}${loss}  validation ${short(validationLoss)}  ${seconds.toFixed(0)} s`;
}

const sampleWidth = lineWidth - 4;

/** What the model wrote, set off from what is said about it, and harmless to a terminal. */
export function sampleLines(sample: string): string[] {
  const visible = sample
    .replaceAll("\t", " ")
    // Anything that is not seen but obeyed, such as the start of an escape sequence.
    .replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, "·")
    .replace(/^\n+|\n+$/g, "");
  return visible
    .split("\n")
    .flatMap((line) => line.match(new RegExp(`.{1,${sampleWidth}}`, "gu")) ?? [""])
    .map((line) => `  │ ${line}`.trimEnd());
}

/** How well a text is guessed that was not learned from, and how well a bigram guesses it. */
export function outcomeLines({
  validationLoss,
  bigramLoss,
}: Pick<Outcome, "validationLoss" | "bigramLoss">): string[] {
  const verdict = validationLoss < bigramLoss ? "It is beaten." : "It is still better.";
  return [
    `Validation: ${short(validationLoss)} nats per character, as hard as choosing among ${choices(validationLoss)}.`,
    `A bigram: ${short(bigramLoss)}, among ${choices(bigramLoss)}. ${verdict}`,
  ];
}

/** Among how many equally likely characters a guess is as hard: the perplexity. */
function choices(loss: number): string {
  return short(Math.exp(loss));
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}
