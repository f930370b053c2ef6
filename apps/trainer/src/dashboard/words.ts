import { decimal, percent, short, thousands } from "../words/numbers.js";
import type { Level } from "../words/levels.js";
import { linked, say, type Linked, type Rich } from "../words/rich.js";
import type { StageId } from "../web/stages.js";
import type { EpochRecord, StepCredit, StepNumbers } from "./records.js";
import type { RunSettings } from "./settings.js";
import type { DataSummary } from "./view.js";

/** What is on the screen at a step of a run. */
export interface Moment {
  readonly data: DataSummary;
  readonly settings: RunSettings;
  readonly letter: string;
  /** Before the first step, null. */
  readonly step: number;
  readonly numbers: StepNumbers;
  /** The last measurement of the held-out examples, and its epoch. */
  readonly epoch: EpochRecord;
  /** The last step that was explained. */
  readonly credit: StepCredit | null;
  readonly units: number;
}

export function itemsOf({ what }: Pick<DataSummary, "what">, count = 2): string {
  return count === 1 ? what : `${what}s`;
}

/** The words of the first stage need no run. */
export function dataWords(data: DataSummary, settings: RunSettings, level: Level): Rich {
  const { classes, training, heldOut, leaks } = data;
  const count = linked(`${thousands(training)} ${itemsOf(data)}`, "split", "goal");
  const out = linked(thousands(heldOut), "split", "goal");
  const leak =
    leaks === 0
      ? linked("None of them is a copy", "leaks", "helped")
      : linked(
          leaks === 1 ? "One of them is a copy" : `${thousands(leaks)} of them are copies`,
          "leaks",
          "hurt",
        );
  if (level === "kid")
    return say`It learns from ${count} of ${classes.length} kinds. ${out} more are put away, to test it on what it never saw. ${leak} of a ${itemsOf(data, 1)} it learns from.`;
  if (level === "student")
    return say`${count} to train on, ${out} held out, ${data.isGivenSplit ? "as the files say" : `divided by seed ${settings.seed} with the same mixture of ${classes.length} classes`}. Duplicates across the split: ${linked(String(leaks), "leaks", leaks === 0 ? "helped" : "hurt")}.`;
  return say`n = ${count}, m = ${out} held out, ${classes.length} classes, x ∈ ℝ${superscript(data.shape.reduce((a, b) => a * b, 1))}; |train ∩ held out| = ${linked(String(leaks), "leaks", leaks === 0 ? "helped" : "hurt")}.`;
}

type Told = Readonly<Record<Exclude<StageId, "goal">, (moment: Moment) => Rich>>;

/** The words of a stage, at one level. The numbers are the same at every level. */
export function wordsFor(moment: Moment, stage: StageId, level: Level): Rich {
  if (stage === "goal") return dataWords(moment.data, moment.settings, level);
  return { kid: kidWords, student: studentWords, maths: mathsWords }[level][stage](moment);
}

const heldOut = (_: Moment, words: string): Linked => linked(words, "confusion", "helped");
const rightOf = ({ epoch: { right, of } }: Moment): string => `${thousands(right)} of ${thousands(of)}`;
const lossOf = ({ numbers }: Moment): Linked => linked(short(numbers.meanLoss), "loss", "mistake");
const normOf = ({ numbers }: Moment): Linked => linked(short(numbers.gradientNorm), "norm", "blame");
const ratioOf = ({ numbers }: Moment): Linked => linked(small(numbers.updateRatio), "ratio", "plus");
const rateOf = ({ numbers }: Moment): Linked => linked(small(numbers.rate), "rate", "plus");
const silentOf = ({ numbers, units }: Moment): Linked =>
  linked(`${numbers.silent} of ${units}`, "silent", "blame");

/** What a step promised and paid, or that none has been explained yet. */
function creditWords(
  { credit }: Moment,
  tell: (promise: Linked, paid: Linked, rest: string, credit: StepCredit) => Rich,
): Rich {
  if (credit === null) return say`No step has been explained yet.`;
  const promise = linked(short(credit.promise), "credit", "promise");
  const paid = linked(
    decimal(credit.paid, digitsFor(credit.paid)),
    "credit",
    credit.paid > 0 ? "helped" : "hurt",
  );
  return tell(promise, paid, restOf(credit), credit);
}

/** The part of a change that stayed unexplained, or that the change is as small as the rounding of the loss. */
export function restOf({ unexplained, moved, lossBefore }: StepCredit): string {
  const share = unexplained === 0 ? 0 : Math.abs(unexplained) / moved;
  // A float32 loss has 24 bits.
  const isRounding = Math.abs(unexplained) <= 2 ** -22 * Math.max(lossBefore, 2 ** -6);
  return share > 0.001 && isRounding ? "only rounding" : percent(share, 2);
}

const kidWords: Told = {
  attempt: (moment) =>
    say`It has looked at ${thousands(moment.step * moment.settings.batchSize)} ${itemsOf(moment.data)}, some many times. Of the last ones it named ${linked(percent(moment.numbers.meanRight), "right", "helped")} right.`,
  mistake: (moment) =>
    say`Mistake score ${lossOf(moment)}. It names ${heldOut(moment, rightOf(moment))} new ${itemsOf(moment.data)} right. Tap a red square to see which ones it mixes up.`,
  blame: (moment) =>
    say`All the blame together is an arrow of length ${normOf(moment)}. ${silentOf(moment)} helpers said nothing, so no blame reached them.`,
  adjust: (moment) =>
    say`Every knob turned a little against its blame: all together by ${ratioOf(moment)} of their size. The step size is ${rateOf(moment)}.`,
  again: (moment) =>
    say`It names ${heldOut(moment, rightOf(moment))} ${itemsOf(moment.data)} right ${afterRounds(moment.epoch)}. ${creditWords(moment, (promise, paid, rest, { step, examples }) => say`Step ${step} promised ${promise} and paid ${paid} on its ${examples}; all but ${rest} is explained.`)}`,
};

function afterRounds({ epoch }: EpochRecord): string {
  if (epoch === 0) return "before its first round";
  return epoch === 1 ? "after one round" : `after ${epoch} rounds`;
}

/** The names of the charts: plain words for a kid, the field's terms for all others. */
export function chartNames(level: Level): Readonly<Record<ChartName, string>> {
  return level === "kid" ? plainNames : termNames;
}

const termNames = {
  loss: "Loss",
  right: "Right",
  rate: "Learning rate",
  norm: "Gradient norm",
  ratio: "Update ÷ weight",
  silent: "Silent units",
  speed: "Examples / s",
  held: "Held out",
} as const;
type ChartName = keyof typeof termNames;

const plainNames: Record<ChartName, string> = {
  loss: "Mistake",
  right: "Named right",
  rate: "Step size",
  norm: "All blame",
  ratio: "Turn ÷ knob",
  silent: "Silent helpers",
  speed: "Seen a second",
  held: "Test: right",
};

const studentWords: Told = {
  attempt: (moment) =>
    say`Forward passes over batches of ${moment.settings.batchSize}. Training accuracy ${linked(percent(moment.numbers.meanRight), "right", "helped")}, the mean of 20 batches, each before its update.`,
  mistake: (moment) =>
    say`Cross entropy ${lossOf(moment)} on recent batches, ${linked(short(moment.epoch.loss), "loss", "mistake")} held out. ${heldOut(moment, rightOf(moment))} held-out examples are right.`,
  blame: (moment) =>
    say`The gradient of step ${moment.step} has norm ${normOf(moment)}. ${silentOf(moment)} ReLU units gave 0 for the whole batch, so their weights got no gradient.`,
  adjust: (moment) =>
    say`AdamW with learning rate ${rateOf(moment)}: the update is ${ratioOf(moment)} of the weights, by norms. About 0.001 is healthy.`,
  again: (moment) =>
    say`${heldOut(moment, rightOf(moment))} held-out examples right after epoch ${moment.epoch.epoch}. ${creditWords(moment, (promise, paid, rest, { step, examples }) => say`On the ${examples} examples of step ${step}: predicted ${promise}, actual ${paid}, unexplained ${rest}.`)}`,
};

const mathsWords: Told = {
  attempt: (moment) =>
    say`ŷ = argmax f(x; w), n = ${moment.settings.batchSize} a step. Mean of [ŷ = y] over 20 steps: ${linked(percent(moment.numbers.meanRight, 1), "right", "helped")}.`,
  mistake: (moment) =>
    say`L = −¹⁄ₙ Σ ln p(yᵢ | xᵢ) = ${lossOf(moment)}, held out ${linked(decimal(moment.epoch.loss, 4), "loss", "mistake")}; Σ [ŷ = y] = ${heldOut(moment, rightOf(moment))}.`,
  blame: (moment) =>
    say`‖∇L‖₂ = ${normOf(moment)} at step ${moment.step}. Units with maxᵢ a(xᵢ) = 0: ${silentOf(moment)}.`,
  adjust: (moment) =>
    say`‖Δw‖ ÷ ‖w‖ = ${ratioOf(moment)}, η = ${rateOf(moment)} (${moment.settings.schedule}).`,
  again: (moment) =>
    say`${heldOut(moment, rightOf(moment))} held out. ${creditWords(moment, (promise, paid, rest, { step }) => say`Step ${step}: −∇L · Δw = ${promise}, −∫ ∇L · dw = ${paid}; rest ${rest}.`)}`,
};

/** A number below 0.01 with as many digits as it needs. */
export function small(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001
    ? value.toExponential(1).replaceAll("-", "−")
    : value.toPrecision(2);
}

/** How many decimals show three digits of a number. */
export function digitsFor(value: number): number {
  return value === 0 ? 3 : Math.max(3, Math.min(9, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

function superscript(value: number): string {
  return String(value).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
}
