import { ArgumentError, formatShape, ShapeError, sizeOf } from "@stargrad/graph";
import { toTensors } from "../operands.js";
import type { Tensor } from "../tensor.js";
import { matmul } from "./contraction.js";
import { permute, reshape, slice } from "./movement.js";
import { sum } from "./reduction.js";

/** A name for each axis: letters, and numbers for the axes that "..." matches. */
type Labels = readonly string[];

/** A tensor whose axes have names. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: Labels;
}

/**
 * Einstein summation: `einsum("bij,bjk->bik", a, b)` multiplies batches of matrices. Inputs are multiplied along the letters
 * they share; letters missing from the output are summed; a letter that appears twice in one input takes the diagonal.
 * Without `->` the output has the letters that appear once, in alphabetical order. `...` matches any further axes, aligned at
 * the last of them. Lengths must be equal: an axis of length 1 does not broadcast.
 *
 * Throws: ArgumentError if the equation cannot be parsed; ShapeError if a letter has two lengths
 * Source: numpy.einsum
 */
export function einsum(equation: string, ...given: readonly Tensor[]): Tensor {
  if (typeof equation !== "string") {
    throw new ArgumentError("einsum", "expected the equation first, and then the tensors");
  }
  const operands = toTensors("einsum", given);
  const { inputs, output } = parseEquation(equation, operands);
  const lengths = new Map<string, number>();
  const labelled = operands.map((x, i) => {
    inputs[i].forEach((label, axis) => {
      const known = lengths.get(label) ?? x.shape[axis];
      if (known !== x.shape[axis]) {
        const name = isLetter(label) ? label : "...";
        throw new ShapeError(
          "einsum",
          `in ${equation} the axis ${name} is ${known} and ${x.shape[axis]} long`,
        );
      }
      lengths.set(label, known);
    });
    return takeDiagonals({ x, labels: inputs[i] });
  });
  const [first, ...rest] = labelled;
  const result = rest.reduce((left, right, i) => {
    const needed = [...output, ...rest.slice(i + 1).flatMap(({ labels }) => labels)];
    return contract(left, right, needed, lengths);
  }, first);
  return arrange(sumOut(result, output), output);
}

/** Multiplies two labelled tensors and sums the labels that are not needed later, as one batched matrix product. */
function contract(a: Labelled, b: Labelled, needed: Labels, lengths: ReadonlyMap<string, number>): Labelled {
  const left = sumOut(a, [...needed, ...b.labels]);
  const right = sumOut(b, [...needed, ...a.labels]);
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.includes(label));
  const summed = shared.filter((label) => !needed.includes(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const shape = (labels: Labels): number[] => labels.map((label) => lengths.get(label) ?? 1);
  const [batches, m, inner, n] = [batch, rows, summed, columns].map((labels) => sizeOf(shape(labels)));

  const matrices = reshape(arrange(left, [...batch, ...rows, ...summed]), [batches, m, inner]);
  const others = reshape(arrange(right, [...batch, ...summed, ...columns]), [batches, inner, n]);
  const labels = [...batch, ...rows, ...columns];
  return { x: reshape(matmul(matrices, others), shape(labels)), labels };
}

/** Sums over the axes whose labels are not among those kept. */
function sumOut({ x, labels }: Labelled, kept: Labels): Labelled {
  const axis = labels.flatMap((label, i) => (kept.includes(label) ? [] : [i]));
  const left = labels.filter((label) => kept.includes(label));
  return axis.length === 0 ? { x, labels } : { x: sum(x, { axis }), labels: left };
}

function arrange({ x, labels }: Labelled, order: Labels): Tensor {
  const axes = order.map((label) => labels.indexOf(label));
  return axes.every((axis, i) => axis === i) ? x : permute(x, axes);
}

/** Turns `ii` into `i`: joins the two axes and takes every (n + 1)-th element, which are those on the diagonal. */
function takeDiagonals({ x, labels }: Labelled): Labelled {
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice === undefined) return { x, labels };
  const rest = labels.flatMap((label, axis) => (label === twice ? [] : [axis]));
  const [a, b, ...more] = labels.flatMap((label, axis) => (label === twice ? [axis] : []));
  const length = x.shape[a];
  const others = [...more, ...rest];
  const flat = reshape(permute(x, [...others, a, b]), [
    ...others.map((axis) => x.shape[axis]),
    length * length,
  ]);
  const diagonal = slice(flat, [...others.map(() => null), [0, null, length + 1]]);
  return takeDiagonals({ x: diagonal, labels: [...others.map((axis) => labels[axis]), twice] });
}

function parseEquation(equation: string, operands: readonly Tensor[]): { inputs: Labels[]; output: Labels } {
  const [left, ...right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const readable = [...terms, ...right].every((term) => /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term));
  if (!readable || right.length > 1) {
    throw new ArgumentError("einsum", `cannot read "${equation}"; expected letters, as in "ij,jk->ik"`);
  }
  if (terms.length !== operands.length) {
    throw new ArgumentError("einsum", `"${equation}" names ${terms.length} inputs; got ${operands.length}`);
  }
  const unnamed = terms.map((term, i) => operands[i].ndim - term.replace("...", "").length);
  const inputs = terms.map((term, i) => {
    if (term.includes("...") ? unnamed[i] < 0 : unnamed[i] !== 0) {
      throw new ShapeError(
        "einsum",
        `in "${equation}" the term "${term}" does not fit the shape ${formatShape(operands[i].shape)}`,
      );
    }
    return readTerm(term, unnamed[i]);
  });
  const known = inputs.flat();
  const further = readTerm("...", Math.max(...unnamed));
  const once = known.filter((label) => isLetter(label) && known.indexOf(label) === known.lastIndexOf(label));
  const output = right.length === 0 ? [...further, ...once.sort()] : readTerm(right[0], further.length);
  const wrong = output.find((label, i) => !known.includes(label) || output.indexOf(label) !== i);
  if (wrong !== undefined) {
    throw new ArgumentError(
      "einsum",
      `in "${equation}" the output letter ${wrong} appears in no input, or twice in the output`,
    );
  }
  return { inputs, output };
}

/** The labels of a term. Axes under "..." are counted from the last, so that terms with fewer of them align there. */
function readTerm(term: string, unnamed: number): Labels {
  const [before, after] = term.split("...") as [string, string?];
  if (after === undefined) return before.split("");
  return [
    ...before.split(""),
    ...Array.from({ length: unnamed }, (_, i) => String(unnamed - i)),
    ...after.split(""),
  ];
}

function isLetter(label: string): boolean {
  return /[A-Za-z]/.test(label);
}
