import { ShapeError, formatShape, type Shape } from "@stargrad/graph";
import { broadcastShapes, numbers, promote } from "@stargrad/graph/internal";
import { accepted, broadcastTo, castTo } from "../operands.js";
import { factor, operation } from "../operation.js";
import type { MatMul, MatMulOperand } from "../shape-types.js";
import { apply, type Tensor } from "../tensor.js";
import { mul } from "./elementwise.js";
import { reshape, squeeze, unsqueeze } from "./movement.js";
import { sum } from "./reduction.js";

/**
 * The matrix product `yᵢⱼ = Σₖ aᵢₖ bₖⱼ`. Axes before the last two are batch axes and broadcast. A vector is treated as a row
 * (left) or a column (right), and that axis is removed from the result.
 *
 * Shapes: a […, M, K], b […, K, N] -> […, M, N]
 * Throws: ShapeError if the inner axes differ or the batches do not broadcast
 * Source: torch.matmul
 */
export const matmul = operation("matmul", [factor, factor], (a: Tensor, b: Tensor) => {
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(
      "matmul",
      `${formatShape(a.shape)} × ${formatShape(b.shape)}: a scalar has no axes`,
      "Use mul",
    );
  }
  const dtype = accepted(promote(a.dtype, b.dtype), numbers);
  const left = a.ndim === 1 ? unsqueeze(a, 0) : a;
  const right = b.ndim === 1 ? unsqueeze(b, 1) : b;
  const batch = broadcastShapes("matmul", left.shape.slice(0, -2), right.shape.slice(0, -2));
  const product = apply(
    "matmul",
    [left, right].map((x) => broadcastTo(castTo(x, dtype), [...batch, ...x.shape.slice(-2)])),
    {},
  );
  const vectors = [...(a.ndim === 1 ? [-2] : []), ...(b.ndim === 1 ? [-1] : [])];
  return vectors.length === 0 ? product : squeeze(product, vectors);
}) as <A extends Shape, B extends Shape>(a: Tensor<A>, b: MatMulOperand<A, B>) => Tensor<MatMul<A, B>>;

/** `Σ aᵢ bᵢ` of two vectors. Throws: ShapeError unless they are vectors of one length. Source: torch.dot */
export const dot = operation("dot", [factor, factor], (a: Tensor, b: Tensor): Tensor<[]> => {
  if (a.ndim !== 1 || b.ndim !== 1 || a.size !== b.size) {
    throw new ShapeError(
      "dot",
      `got ${formatShape(a.shape)} and ${formatShape(b.shape)}; expected two vectors of one length`,
    );
  }
  return sum(mul(a, b));
});

/** `yᵢⱼ = aᵢ bⱼ` of two vectors. Throws: ShapeError unless they are vectors. Source: torch.outer */
export const outer = operation("outer", [factor, factor], (a: Tensor, b: Tensor): Tensor => {
  if (a.ndim !== 1 || b.ndim !== 1) {
    throw new ShapeError(
      "outer",
      `got ${formatShape(a.shape)} and ${formatShape(b.shape)}; expected two vectors`,
    );
  }
  return mul(reshape(a, [a.size, 1]), b);
});
