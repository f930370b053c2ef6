import { describe, expect, expectTypeOf, it } from "vitest";

import {
  add,
  expand,
  full,
  matmul,
  max,
  mean,
  normal,
  ones,
  reshape,
  softmax,
  sum,
  tensor,
  transpose,
  where,
  zeros,
  type Broadcast,
  type MatMul,
  type Reshaped,
  type Shape,
  type Tensor,
} from "./index.js";

/*
 * What TypeScript knows of shapes. `tsc` checks these; the assertions about values hold the types to the truth.
 */

describe("shapes as types", () => {
  it("are literal if the shapes are literals", () => {
    expectTypeOf(zeros([2, 3])).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(full([], 1)).toEqualTypeOf<Tensor<[]>>();
    expectTypeOf(normal([32, 784])).toEqualTypeOf<Tensor<[32, 784]>>();
    expectTypeOf(tensor([1, 2, 3, 4], { shape: [2, 2] })).toEqualTypeOf<Tensor<[2, 2]>>();
    const batch = 32 as number;
    expectTypeOf(ones([batch, 10])).toEqualTypeOf<Tensor<[number, 10]>>();
    expectTypeOf(ones(new Array<number>(3).fill(1))).toEqualTypeOf<Tensor<number[]>>();
  });

  it("are assignable to a tensor of any shape", () => {
    expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor>();
    expectTypeOf<Tensor<[number, 3]>>().toExtend<Tensor>();
    expectTypeOf<Tensor<[2, 3]>>().toExtend<Tensor<[number, 3]>>();
    expectTypeOf<Tensor<[2, 3]>>().not.toExtend<Tensor<[2, 4]>>();
    expectTypeOf<Tensor>().not.toExtend<Tensor<[2, 3]>>();
    const shapeOf = (x: Tensor): Shape => x.shape;
    expect(shapeOf(zeros([2, 3]))).toEqual([2, 3]);
  });

  it("are the types of `shape`", () => {
    expectTypeOf(zeros([2, 3]).shape).toEqualTypeOf<Readonly<[2, 3]>>();
    const [rows, columns] = zeros([2, 3]).shape;
    expectTypeOf(rows).toEqualTypeOf<2>();
    expect([rows, columns]).toEqual([2, 3]);
  });

  it("are kept by elementwise functions", () => {
    const x = zeros([2, 3]);
    expectTypeOf(x.exp()).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(x.cast("int32").neg().clamp({ min: 0 })).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(softmax(x, { axis: 0 })).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(x.sort().values).toEqualTypeOf<Tensor<[2, 3]>>();
  });

  it("broadcast as values do", () => {
    const x = zeros([2, 3]);
    expectTypeOf(x.add(1)).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(add(1, x)).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(x.mul(zeros([3]))).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf(zeros([2, 1]).sub(zeros([4, 1, 3]))).toEqualTypeOf<Tensor<[4, 2, 3]>>();
    expectTypeOf(where(x.less(0), 0, x)).toEqualTypeOf<Tensor<[2, 3]>>();
    expectTypeOf<Broadcast<[number, 3], [2, 1]>>().toEqualTypeOf<[number, 3]>();
    expectTypeOf<Broadcast<[2, 3], Shape>>().toEqualTypeOf<Shape>();
    expect(zeros([2, 1]).sub(zeros([4, 1, 3])).shape).toEqual([4, 2, 3]);
  });

  it("are unknown on an axis where values would not broadcast", () => {
    expectTypeOf<Broadcast<[2, 4], [3, 4]>>().toEqualTypeOf<[number, 4]>();
  });

  it("follow products and transposes of matrices", () => {
    const [a, b] = [zeros([32, 784]), zeros([784, 10])];
    expectTypeOf(matmul(a, b)).toEqualTypeOf<Tensor<[32, 10]>>();
    expectTypeOf(a.matmul(b)).toEqualTypeOf<Tensor<[32, 10]>>();
    expectTypeOf(transpose(a)).toEqualTypeOf<Tensor<[784, 32]>>();
    expectTypeOf(a.transpose().matmul(a)).toEqualTypeOf<Tensor<[784, 784]>>();
    expectTypeOf<MatMul<[5, 2, 3], Shape>>().toEqualTypeOf<Shape>();
    expect(a.matmul(b).shape).toEqual([32, 10]);

    const batches = zeros([8, 1, 2, 3]).matmul(zeros([5, 3, 4]));
    expectTypeOf(batches).toEqualTypeOf<Tensor<[8, 5, 2, 4]>>();
    expect(batches.shape).toEqual([8, 5, 2, 4]);
  });

  it("follow reshape and expand, where an axis of −1 becomes number", () => {
    expectTypeOf(reshape(zeros([2, 3]), [3, 2])).toEqualTypeOf<Tensor<[3, 2]>>();
    expectTypeOf(zeros([2, 3]).reshape([-1])).toEqualTypeOf<Tensor<[number]>>();
    expectTypeOf(expand(zeros([1, 3]), [4, 3])).toEqualTypeOf<Tensor<[4, 3]>>();
    expectTypeOf<Reshaped<readonly [-1, 2]>>().toEqualTypeOf<[number, 2]>();
  });

  it("follow axes that are joined, moved, added and removed", () => {
    const joined = zeros([2, 3, 4, 5]).flatten({ startAxis: 1, endAxis: -2 });
    expectTypeOf(joined).toEqualTypeOf<Tensor<[2, 12, 5]>>();
    expect(joined.shape).toEqual([2, 12, 5]);
    const whole = zeros([12, 345]).flatten();
    expectTypeOf(whole).toEqualTypeOf<Tensor<[4140]>>();
    expect(whole.shape).toEqual([4140]);
    const moved = zeros([2, 3, 4]).permute([2, 0, 1]).transpose(0, -1);
    expectTypeOf(moved).toEqualTypeOf<Tensor<[3, 2, 4]>>();
    expect(moved.shape).toEqual([3, 2, 4]);
    const added = zeros([2, 3]).unsqueeze(-2).unsqueeze(0);
    expectTypeOf(added).toEqualTypeOf<Tensor<[1, 2, 1, 3]>>();
    expect(added.shape).toEqual([1, 2, 1, 3]);
    const taken = added.squeeze([0, -2]).narrow(1, 0, 2).select(0, 1);
    expectTypeOf(taken).toEqualTypeOf<Tensor<[2]>>();
    expect(taken.shape).toEqual([2]);
  });

  it("are scalar after a full reduction, and lose or keep the axes of a partial one", () => {
    const x = zeros([2, 3]);
    expectTypeOf(sum(x)).toEqualTypeOf<Tensor<[]>>();
    expectTypeOf(x.mean()).toEqualTypeOf<Tensor<[]>>();
    expectTypeOf(x.mean({ axis: 0 })).toEqualTypeOf<Tensor<[3]>>();
    expectTypeOf(mean(x, { keepDims: true })).toEqualTypeOf<Tensor<[1, 1]>>();
    expectTypeOf(x.std({ correction: 0 })).toEqualTypeOf<Tensor<[]>>();
    expectTypeOf(max(x)).toEqualTypeOf<Tensor<[]>>();
    // @ts-expect-error without an axis there is nothing to keep
    expect(x.max({ keepDims: true }).shape).toEqual([]);
    expectTypeOf(x.max({ axis: 0 }).indices).toEqualTypeOf<Tensor<[3]>>();
    expect(x.mean({ axis: 0 }).shape).toEqual([3]);
    expect(mean(x, { keepDims: true }).shape).toEqual([1, 1]);
    expect(x.std({ correction: 0 }).shape).toEqual([]);
    expect(x.max({ axis: 0 }).indices.shape).toEqual([3]);
    const kept = zeros([2, 3, 4]).sum({ axis: [0, -1], keepDims: true });
    expectTypeOf(kept).toEqualTypeOf<Tensor<[1, 3, 1]>>();
    expect(kept.shape).toEqual([1, 3, 1]);
  });
});
