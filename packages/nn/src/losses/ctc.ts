import {
  arange,
  ArgumentError,
  concat,
  formatShape,
  full,
  IndexError,
  knownData,
  sameShape,
  stack,
  where,
  type Tensor,
} from "@stargrad/tensor";
import {
  expectOptions,
  flag,
  given,
  indices,
  input,
  integer,
  operation,
  tensorLike,
} from "@stargrad/tensor/internal";
import { expectFloat, expectIndices, expectShape } from "../shapes.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface CtcOptions extends LossOptions {
  /** The number of valid steps of each input, int32 [N]. Default: all. */
  readonly inputLengths?: Tensor;
  /** The number of valid classes of each target, int32 [N]. Default: all. */
  readonly targetLengths?: Tensor;
  /** The index of the blank class. Default: 0. */
  readonly blank?: number;
  /** Whether the loss is 0 instead of ∞ if the input is too short for its target. Default: false. */
  readonly zeroInfinity?: boolean;
}

/** Stands for the logarithm of 0. With −∞, the gradients of impossible alignments would be NaN. */
const impossible = -1e30;

/**
 * Connectionist temporal classification: `−ln p(target | x)`. The probability is summed over all alignments of the target
 * with T steps, each of which emits a class or the blank; repeated classes are merged unless a blank separates them. The mean
 * divides each loss by the length of its target (by 1 if that is 0), and then averages over the batch.
 *
 * Shapes: log-probabilities [T, N, C] or [T, C]; targets (int32) [N, S] or [S], padding is never read; lengths [N]
 *         or [] -> [], or [N] or [] for reduction `"none"`
 * Defaults: reduction `"mean"`, blank 0, zeroInfinity false, all steps and classes are valid
 * Throws: ShapeError or DTypeError if shapes or types do not fit; ArgumentError unless the blank is a class; IndexError if
 *         a length whose value is known, or a class, is outside its range
 * Source: Graves et al., "Connectionist Temporal Classification", 2006, eqs. 5-8; torch.nn.functional.ctc_loss
 */
export const ctcLoss = /* @__PURE__ */ operation(
  "ctcLoss",
  [input, indices, given],
  (logProbabilities: Tensor, targets: Tensor, options: CtcOptions = {}): Tensor => {
    expectOptions<CtcOptions>("ctcLoss", options, {
      reduction: reductionKind,
      inputLengths: tensorLike,
      targetLengths: tensorLike,
      blank: integer,
      zeroInfinity: flag,
    });
    const { blank = 0, zeroInfinity = false, reduction } = options;
    const { shape } = logProbabilities;
    expectFloat("ctcLoss", logProbabilities);
    const isSequence = (shape.length === 2 || shape.length === 3) && shape[0] > 0;
    expectShape("ctcLoss", logProbabilities, isSequence, "[T, N, C] or [T, C] with at least one step");
    const items = shape.slice(1, -1);
    const fits = targets.ndim === items.length + 1 && sameShape(targets.shape.slice(0, -1), items);
    expectShape("ctcLoss", targets, fits, `targets [${[...items, "S"].join(", ")}]`);
    expectIndices("ctcLoss", "targets", targets);

    const [steps, classes, length] = [shape[0], shape[shape.length - 1], targets.shape[items.length]];
    if (!(Number.isInteger(blank) && blank >= 0 && blank < classes)) {
      throw new ArgumentError("ctcLoss", `got the blank ${blank}; expected a class, 0 to ${classes - 1}`);
    }
    const inputLengths = lengthsOf("inputLengths", options.inputLengths, items, { least: 1, most: steps });
    const targetLengths = lengthsOf("targetLengths", options.targetLengths, items, {
      least: 0,
      most: length,
    });

    const batch = items.length === 0 ? 1 : items[0];
    const inside = arange(length).less(targetLengths.reshape([batch, 1])); // [N, S]
    const losses = logLikelihood(
      logProbabilities.reshape([steps, batch, classes]),
      interleave(where(inside, targets.reshape([batch, length]), blank), blank),
      { inputLengths: inputLengths.reshape([batch]), targetLengths: targetLengths.reshape([batch]), blank },
    ).neg();
    const known = where(losses.greater(-impossible / 2), zeroInfinity ? 0 : Infinity, losses).reshape(items);
    const isMean = reduction === undefined || reduction === "mean";
    return reduceLoss(isMean ? known.div(targetLengths.maximum(1)) : known, reduction);
  },
);

/** `ln p(target | x)` of each item, by the forward recursion over the labels: the target with blanks, [N, 2 S + 1]. */
function logLikelihood(
  logProbabilities: Tensor,
  labels: Tensor,
  {
    inputLengths,
    targetLengths,
    blank,
  }: { readonly inputLengths: Tensor; readonly targetLengths: Tensor; readonly blank: number },
): Tensor {
  const [steps, batch] = logProbabilities.shape;
  const length = labels.shape[1];
  const scores = logProbabilities
    .gather(labels.unsqueeze(0).expand([steps, batch, length]), { axis: 2 })
    .clamp({ min: impossible }); // [T, N, 2 S + 1]
  // An alignment may skip the blank between two classes, unless they are the same.
  const skips = labels.notEqual(shift(labels, 2, blank)); // [N, 2 S + 1]
  let reached = where(arange(length).less(2), scores.select(0, 0), impossible);
  for (let step = 1; step < steps; step++) {
    const skipped = where(skips, shift(reached, 2, impossible), impossible);
    const ways = stack([reached, shift(reached, 1, impossible), skipped]);
    const next = ways.logsumexp({ axis: 0 }).add(scores.select(0, step));
    reached = where(inputLengths.greater(step).unsqueeze(1), next, reached);
  }
  // An alignment ends with the last class or with the blank after it; for an empty target there is only the blank.
  const blankEnd = targetLengths.mul(2).unsqueeze(1);
  const classEnd = where(blankEnd.greater(0), reached.gather(blankEnd.sub(1).maximum(0)), impossible);
  return concat([reached.gather(blankEnd), classEnd], { axis: 1 }).logsumexp({ axis: 1 });
}

/** Inserts blanks before, between and after the classes: [N, S] -> [N, 2 S + 1]. */
function interleave(targets: Tensor, blank: number): Tensor {
  const [batch, length] = targets.shape;
  const blanks = full([batch, length + 1, 1], blank, { dtype: "int32" });
  const filled = targets
    .pad([
      [0, 0],
      [0, 1],
    ])
    .unsqueeze(2);
  return concat([blanks, filled], { axis: 2 })
    .flatten({ startAxis: 1 })
    .narrow(1, 0, 2 * length + 1);
}

/** Shifts the elements of each row to higher indices, and fills the start with the value. */
function shift(x: Tensor, by: number, value: number): Tensor {
  const leading = [0, 0] as const;
  return x.pad([leading, [by, 0]], { value }).narrow(1, 0, x.shape[1]);
}

function lengthsOf(
  name: string,
  lengths: Tensor | undefined,
  items: readonly number[],
  { least, most }: { readonly least: number; readonly most: number },
): Tensor {
  if (lengths === undefined) return full(items, most, { dtype: "int32" });
  expectShape("ctcLoss", lengths, sameShape(lengths.shape, items), `${name} ${formatShape(items)}`);
  expectIndices("ctcLoss", name, lengths);
  const outside = knownData(lengths)?.find((length) => length < least || length > most);
  if (outside !== undefined) {
    throw new IndexError("ctcLoss", `got ${outside} in ${name}; expected ${least} to ${most}`);
  }
  return lengths;
}
