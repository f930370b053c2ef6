import { allocate, numbers } from "../dtype.js";
import { DTypeError, ShapeError } from "../errors.js";
import type { HostTensor, NoAttributes, Primitive } from "../primitive.js";
import { draw, reals, values } from "../samples.js";
import { formatShape, sameShape } from "../shape.js";

/** The matrix product over the last two axes; the axes before them are batch axes and must be equal. */
export const matmul: Primitive<NoAttributes, "contraction"> = {
  name: "matmul",
  kind: "contraction",
  arity: 2,

  shape([a, b]) {
    const refuse = (problem: string, hint?: string): never => {
      throw new ShapeError("matmul", `${formatShape(a.shape)} × ${formatShape(b.shape)}: ${problem}`, hint);
    };
    if (a.shape.length < 2 || b.shape.length < 2) return refuse("both need at least two axes");
    const [m, inner] = a.shape.slice(-2);
    const [other, n] = b.shape.slice(-2);
    if (inner !== other) {
      const hint =
        inner === n ? "Did you mean b.transpose()?" : m === other ? "Did you mean a.transpose()?" : undefined;
      return refuse(`inner axes ${inner} ≠ ${other}`, hint);
    }
    const batch = a.shape.slice(0, -2);
    if (!sameShape(batch, b.shape.slice(0, -2))) {
      return refuse("the batch axes differ", "Broadcast the batches first");
    }
    return [...batch, m, n];
  },
  dtype([a, b]) {
    if (a.dtype !== b.dtype || !numbers.includes(a.dtype)) {
      throw new DTypeError(
        "matmul",
        `got ${a.dtype} × ${b.dtype}; expected one of ${numbers.join(", ")} for both`,
      );
    }
    return a.dtype;
  },
  reference([a, b], _attributes, output) {
    const multiply = a.dtype === "int32" ? multiplyIntegers : multiplyFloats;
    const [m, inner] = a.shape.slice(-2);
    const n = b.shape[b.shape.length - 1];
    const batches = m * n === 0 ? 0 : output.data.length / (m * n);
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < m; i++) {
        const row = multiply(a, (batch * m + i) * inner, b, batch * inner * n, inner, n);
        output.data.set(row, (batch * m + i) * n);
      }
    }
  },
};

/** The formulas and the samples. */
export const contractionDescriptions = {
  matmul: {
    formula: "yᵢⱼ = Σₖ aᵢₖ bₖⱼ, for every batch",
    samples: () => [
      { inputs: [draw([2, 3], reals(-2, 2)), draw([3, 4], reals(-2, 2), 1)], attributes: {} },
      { inputs: [draw([1, 5], reals(-2, 2)), draw([5, 1], reals(-2, 2), 1)], attributes: {} },
      { inputs: [draw([2, 3, 2], reals(-2, 2)), draw([2, 2, 3], reals(-2, 2), 1)], attributes: {} },
      { inputs: [draw([2, 0], reals(-2, 2)), draw([0, 3], reals(-2, 2), 1)], attributes: {} },
      { inputs: [draw([0, 2], reals(-2, 2)), draw([2, 3], reals(-2, 2), 1)], attributes: {} },
      {
        inputs: [values("int32", [2, 2], [1, -2, 3, 70000]), values("int32", [2, 2], [5, 6, -7, 8])],
        attributes: {},
      },
    ],
  },
};

/** One row of the product. Sums are computed in double precision for every input type. */
function multiplyFloats(
  a: HostTensor,
  rowStart: number,
  b: HostTensor,
  matrixStart: number,
  inner: number,
  n: number,
): Float64Array {
  const row = allocate("float64", n);
  const { data } = b;
  for (let k = 0; k < inner; k++) {
    const scale = a.data[rowStart + k];
    const start = matrixStart + k * n;
    for (let j = 0; j < n; j++) row[j] += scale * data[start + j];
  }
  return row;
}

function multiplyIntegers(
  a: HostTensor,
  rowStart: number,
  b: HostTensor,
  matrixStart: number,
  inner: number,
  n: number,
): Int32Array {
  const row = allocate("int32", n);
  for (let k = 0; k < inner; k++) {
    const scale = a.data[rowStart + k];
    for (let j = 0; j < n; j++) row[j] += Math.imul(scale, b.data[matrixStart + k * n + j]);
  }
  return row;
}
