import { add, matmul, sum, tensor, where, zeros, type Shape, type Tensor } from "@stargrad/tensor";
import { expectTypeOf } from "vitest";

/*
 * The shapes of tensors, as TypeScript infers them. This file never runs: `tsc` checks it, and shape-messages.test.ts checks that
 * every line marked as an error is rejected with the message in the mark.
 */

declare const unknown: Tensor;
declare const batch: Tensor<[number, 784]>;
declare const axis: number;

/* Elementwise operations broadcast. */

const x = zeros([2, 3]);
expectTypeOf(x.add(zeros([4, 1, 3]))).toEqualTypeOf<Tensor<[4, 2, 3]>>();
expectTypeOf(batch.mul(zeros([32, 1]))).toEqualTypeOf<Tensor<[number, 784]>>();
expectTypeOf(where(x.greater(0), x, 0)).toEqualTypeOf<Tensor<[2, 3]>>();
expectTypeOf(x.add(unknown)).toEqualTypeOf<Tensor>();
// @ts-expect-error [2, 3] and [2] do not broadcast: 3 and 2 differ at axis -1
x.add(zeros([2]));
// @ts-expect-error [number, 784] and [4, 783] do not broadcast: 784 and 783 differ at axis -1
add(batch, zeros([4, 783]));
// @ts-expect-error [5, 2, 3] and [4, 2, 3] do not broadcast: 5 and 4 differ at axis -3
zeros([5, 2, 3]).less(zeros([4, 2, 3]));
// @ts-expect-error [2, 3] and [4] do not broadcast: 3 and 4 differ at axis -1
where(x.greater(0), x, zeros([4]));

/* Matrix products, also of batches and vectors. */

expectTypeOf(matmul(zeros([32, 784]), zeros([784, 10]))).toEqualTypeOf<Tensor<[32, 10]>>();
expectTypeOf(zeros([8, 1, 2, 3]).matmul(zeros([5, 3, 4]))).toEqualTypeOf<Tensor<[8, 5, 2, 4]>>();
expectTypeOf(zeros([3]).matmul(zeros([5, 3, 4]))).toEqualTypeOf<Tensor<[5, 4]>>();
expectTypeOf(zeros([5, 2, 3]).matmul(zeros([3]))).toEqualTypeOf<Tensor<[5, 2]>>();
expectTypeOf(zeros([3]).matmul(zeros([3]))).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(batch.matmul(zeros([784, 10]))).toEqualTypeOf<Tensor<[number, 10]>>();
expectTypeOf(batch.matmul(unknown)).toEqualTypeOf<Tensor>();
// @ts-expect-error [32, 784] × [512, 784]: inner axes 784 ≠ 512
zeros([32, 784]).matmul(zeros([512, 784]));
// @ts-expect-error [number, 784] × [783, 10]: inner axes 784 ≠ 783
matmul(batch, zeros([783, 10]));
// @ts-expect-error [2] and [4] do not broadcast: 2 and 4 differ at axis -1
matmul(zeros([2, 2, 3]), zeros([4, 3, 2]));
// @ts-expect-error a scalar has no matrix product; use mul
x.matmul(zeros([]));

/* The same elements in another shape. */

expectTypeOf(x.reshape([3, 2])).toEqualTypeOf<Tensor<[3, 2]>>();
expectTypeOf(x.reshape([-1])).toEqualTypeOf<Tensor<[number]>>();
expectTypeOf(batch.reshape([32, 28, 28])).toEqualTypeOf<Tensor<[32, 28, 28]>>();
expectTypeOf(zeros([64, 3, 32, 32]).reshape([64, 3072])).toEqualTypeOf<Tensor<[64, 3072]>>();
expectTypeOf(zeros([64, 3, 32, 32]).flatten({ startAxis: 1 })).toEqualTypeOf<Tensor<[64, 3072]>>();
expectTypeOf(zeros([999, 999]).flatten()).toEqualTypeOf<Tensor<[998001]>>();
expectTypeOf(batch.flatten()).toEqualTypeOf<Tensor<[number]>>();
expectTypeOf(x.unsqueeze(-1).squeeze(-1)).toEqualTypeOf<Tensor<[2, 3]>>();
expectTypeOf(zeros([2, 1]).squeeze()).toEqualTypeOf<Tensor>();
expectTypeOf(zeros([1, 2, 1]).squeeze([0, -1])).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.unsqueeze(0)).toEqualTypeOf<Tensor<[1, 2, 3]>>();
// @ts-expect-error [64, 784] has 50176 elements, [64, 1, 28, 27] has 48384
zeros([64, 784]).reshape([64, 1, 28, 27]);
// @ts-expect-error [2, 3] has no axis 2
x.flatten({ startAxis: 2 });
// @ts-expect-error [2, 3, 1] has no axis -4
x.unsqueeze(-4);

/* Axes in another order. */

expectTypeOf(x.transpose()).toEqualTypeOf<Tensor<[3, 2]>>();
expectTypeOf(zeros([2, 3, 4]).transpose()).toEqualTypeOf<Tensor<[2, 4, 3]>>();
expectTypeOf(zeros([2, 3, 4]).transpose(0, -1)).toEqualTypeOf<Tensor<[4, 3, 2]>>();
expectTypeOf(zeros([2, 3, 4]).permute([2, 0, 1])).toEqualTypeOf<Tensor<[4, 2, 3]>>();
expectTypeOf(x.transpose(axis, 0)).toEqualTypeOf<Tensor>();
// @ts-expect-error [2, 3] has no axis 2
x.transpose(0, 2);
// @ts-expect-error [2, 3] has no axis -3
x.permute([0, -3]);
// @ts-expect-error [2, 3] has 2 axes, got 3 to permute them by
x.permute([0, 1, 2]);

/* Reductions, and selection along an axis. */

expectTypeOf(x.sum()).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(unknown.mean()).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(x.mean({ axis: 0 })).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(x.mean({ axis: -1, keepDims: true })).toEqualTypeOf<Tensor<[2, 1]>>();
expectTypeOf(sum(zeros([2, 3, 4]), { axis: [0, -1] })).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(x.amax({ keepDims: true })).toEqualTypeOf<Tensor<[1, 1]>>();
expectTypeOf(x.max({ axis: 1 }).indices).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.max()).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(x.min({ axis: 0, keepDims: true }).values).toEqualTypeOf<Tensor<[1, 3]>>();
expectTypeOf(x.std({ axis: 1, correction: 0 })).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.norm({ order: 1 })).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(x.argmax()).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.argmin({ axis: 0, keepDims: true })).toEqualTypeOf<Tensor<[1, 3]>>();
expectTypeOf(x.logsumexp({ axis: -1 })).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.sum({ axis })).toEqualTypeOf<Tensor>();
expectTypeOf(unknown.sum({ axis: 0 })).toEqualTypeOf<Tensor>();
expectTypeOf(x.select(0, 1)).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(x.narrow(1, 0, 2)).toEqualTypeOf<Tensor<[2, 2]>>();
// @ts-expect-error [2, 3] has no axis 2
x.sum({ axis: 2 });
// @ts-expect-error [2, 3] has no axis -3
sum(x, { axis: [0, -3], keepDims: true });
// @ts-expect-error [2, 3] has no axis 5
x.max({ axis: 5 });
// @ts-expect-error [2, 3] has no axis 4
x.squeeze(4);

declare const axes: number | readonly number[];
expectTypeOf(x.squeeze(axes)).toEqualTypeOf<Tensor>();

/* An axis without a name, where only an axis can be meant. */

expectTypeOf(x.sum(0)).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(sum(zeros([2, 3, 4]), [0, -1])).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(x.max(1).indices).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.argmax(0)).toEqualTypeOf<Tensor<[3]>>();
expectTypeOf(x.std(-1)).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.logsumexp(1)).toEqualTypeOf<Tensor<[2]>>();
expectTypeOf(x.softmax(0)).toEqualTypeOf<Tensor<[2, 3]>>();
expectTypeOf(x.sum(axis)).toEqualTypeOf<Tensor>();
// @ts-expect-error [2, 3] has no axis 2
x.sum(2);
// @ts-expect-error [2, 3] has no axis 5
x.max(5);

/* An unknown shape is accepted everywhere, also in code that is generic in its shapes. */

export function generic<S extends Shape>(a: Tensor<S>, b: Tensor): Tensor {
  const scaled: Tensor<S> = a.mul(2).relu();
  return scaled.add(b).add(a).matmul(a.transpose(0, 1)).reshape([3, -1]).sum({ axis: 1 });
}

declare const either: Tensor<[4, 3]> | Tensor<[4, 1]>;
expectTypeOf(either.mean()).toEqualTypeOf<Tensor<[]>>();
expectTypeOf(either.sum({ axis: 0 })).toEqualTypeOf<Tensor<[3] | [1]>>();
expectTypeOf(either.reshape([-1])).toEqualTypeOf<Tensor<[number]>>();

let anyShape: Tensor = tensor([1, 2]);
anyShape = anyShape.add(zeros([3, 1]));
expectTypeOf(add(anyShape, 1)).toEqualTypeOf<Tensor>();
expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor<[number, 3]>>();
