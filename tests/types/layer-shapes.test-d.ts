import {
  Conv2d,
  Dropout,
  Embedding,
  Flatten,
  GELU,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  outputShape,
  ReLU,
  Residual,
  RMSNorm,
  Sequential,
  type DeclaredRule,
  type InputShape,
  type Layer,
  type ShapeRule,
} from "@stargrad/nn";
import { zeros, type Shape, type Tensor } from "@stargrad/tensor";
import { expectTypeOf } from "vitest";

/*
 * The shapes of inputs and outputs of layers, as TypeScript infers them. This file never runs; see tensor-shapes.test-d.ts.
 */

declare const unknown: Tensor;
declare const batch: Tensor<[number, 784]>;
declare const features: number;

/* One layer. */

const hidden = new Linear(784, 128);
expectTypeOf(hidden).toEqualTypeOf<Linear<784, 128>>();
expectTypeOf(hidden.forward(zeros([32, 784]))).toEqualTypeOf<Tensor<[32, 128]>>();
expectTypeOf(hidden.forward(zeros([8, 5, 784]))).toEqualTypeOf<Tensor<[8, 5, 128]>>();
expectTypeOf(hidden.forward(batch)).toEqualTypeOf<Tensor<[number, 128]>>();
expectTypeOf(hidden.forward(unknown)).toEqualTypeOf<Tensor>();
expectTypeOf(new Linear(features, 10).forward(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 10]>>();
expectTypeOf(new Linear(3, features).forward(zeros([2, 3]))).toEqualTypeOf<Tensor>();
expectTypeOf(new LayerNorm([3, 4]).forward(zeros([2, 3, 4]))).toEqualTypeOf<Tensor<[2, 3, 4]>>();
expectTypeOf(new Embedding(65, 16).forward(zeros([8, 5]))).toEqualTypeOf<Tensor<[8, 5, 16]>>();
expectTypeOf(new Flatten().forward(zeros([64, 1, 28, 28]))).toEqualTypeOf<Tensor<[64, 784]>>();
// @ts-expect-error Linear(784, 128) expects the last axis to be 784, got 783
hidden.forward(zeros([32, 783]));
// @ts-expect-error Linear(784, 128) expects the last axis to be 784, got a scalar
hidden.forward(zeros([]));
// @ts-expect-error Linear(10, 784) expects the last axis to be 10, got 784
new Linear(10, 784).forward(batch);
// @ts-expect-error LayerNorm(128) expects the last axis to be 128, got 64
new LayerNorm(128).forward(zeros([32, 64]));
// @ts-expect-error LayerNorm([3, 4]) expects the last axes to be [3, 4], got [2, 4, 3]
new LayerNorm([3, 4]).forward(zeros([2, 4, 3]));
// @ts-expect-error RMSNorm(4) expects the last axis to be 4, got 3
new RMSNorm(4).forward(zeros([2, 3]));
// @ts-expect-error [5] has no axis 1
new Flatten().forward(zeros([5]));

/* Layers one after another. */

const model = new Sequential(new Linear(784, 128), new ReLU(), new Dropout(0.1), new Linear(128, 10));
expectTypeOf(model).toEqualTypeOf<Sequential<[Linear<784, 128>, ReLU, Dropout, Linear<128, 10>]>>();
expectTypeOf(model.forward(zeros([32, 784]))).toEqualTypeOf<Tensor<[32, 10]>>();
expectTypeOf(model.forward(batch)).toEqualTypeOf<Tensor<[number, 10]>>();
expectTypeOf(model.forward(unknown)).toEqualTypeOf<Tensor>();
const encoder = new Sequential(
  new Embedding(65, 16),
  new LayerNorm(16),
  new Sequential(new GELU()),
  new Linear(16, 4),
);
expectTypeOf(encoder.forward(zeros([8, 5]))).toEqualTypeOf<Tensor<[8, 5, 4]>>();
const images = new Sequential(new Flatten(), model);
expectTypeOf(images.forward(zeros([32, 1, 28, 28]))).toEqualTypeOf<Tensor<[32, 10]>>();
// @ts-expect-error Linear(784, 128) expects the last axis to be 784, got 783
model.forward(zeros([32, 783]));
// @ts-expect-error Linear(784, 128) expects the last axis to be 784, got 756
images.forward(zeros([32, 1, 28, 27]));
// @ts-expect-error Linear(64, 10) expects the last axis to be 64, got 128
new Sequential(new Linear(784, 128), new ReLU(), new Linear(64, 10), new Dropout(0.1));
// @ts-expect-error LayerNorm(64) expects the last axis to be 64, got 16
new Sequential(new Embedding(65, 16), new LayerNorm(64));
// @ts-expect-error Linear(784, 128) expects the last axis to be 784, got 10
new Sequential(model, new Sequential(new ReLU(), model));

/* An unknown shape is accepted everywhere. */

const layers: Layer[] = [hidden, model, new Flatten(), new LayerNorm(3)];
expectTypeOf(new Sequential(...layers).forward(unknown)).toEqualTypeOf<Tensor>();
expectTypeOf(new Sequential(new Conv2d(1, 8, 3), new Flatten(), new Linear(5408, 10))).toExtend<Sequential>();
expectTypeOf(hidden).toExtend<Linear>();
expectTypeOf(new LayerNorm(3)).toExtend<LayerNorm>();

let passed = unknown;
passed = hidden.forward(passed);
passed = new Linear(128, 10).forward(passed);
for (const layer of [new Linear(2, 3), new ReLU(), new Linear(3, 4)]) passed = layer.forward(passed);

/** A user's layer without shapes, */
class Doubled extends Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
}

/** and one that keeps the shape. */
class Scaled extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.mul(2);
  }
}

expectTypeOf(new Sequential(new Linear(2, 3), new Doubled(), new Linear(5, 6))).toExtend<Layer>();
// @ts-expect-error Linear(5, 6) expects the last axis to be 5, got 3
new Sequential(new Linear(2, 3), new Scaled(), new Linear(5, 6));

/** This layer declares a rule: it appends an axis of its own length, and rejects inputs whose last axis has that length. */
interface RepeatedShapes extends ShapeRule {
  readonly times: number;
  readonly output: [...InputShape<this>, this["times"]];
  readonly problem: InputShape<this> extends readonly [...Shape, this["times"]]
    ? `Repeated(${this["times"]}) expects another last axis`
    : false;
}
class Repeated<Times extends number = number> extends Module {
  declare readonly shapeRule?: DeclaredRule<RepeatedShapes, { readonly times: Times }>;
  readonly times: Times;
  constructor(times: Times) {
    super("Repeated", [times]);
    this.times = times;
  }
  forward(x: Tensor): Tensor {
    return x.unsqueeze(-1).expand([...x.shape, this.times]);
  }
}

const repeated = new Sequential(new Linear(3, 4), new Repeated(5), new Linear(5, 6), new Scaled());
expectTypeOf(repeated.forward(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 4, 6]>>();
expectTypeOf(new Repeated(5)).toExtend<Repeated>();
// @ts-expect-error Linear(4, 6) expects the last axis to be 4, got 5
new Sequential(new Linear(3, 4), new Repeated(5), new Linear(4, 6));
// @ts-expect-error Repeated(4) expects another last axis
new Sequential(new Linear(3, 4), new ReLU(), new Repeated(4));
// @ts-expect-error Repeated(4) expects another last axis
new Sequential(new Repeated(4)).forward(zeros([2, 4]));

/* A layer around others has their shapes. */

const residual = new Residual(new Sequential(new Linear(3, 4), new ReLU()), new Linear(3, 4));
expectTypeOf(residual.forward(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 4]>>();
expectTypeOf(residual.forward(unknown)).toEqualTypeOf<Tensor>();
expectTypeOf(residual).toExtend<Residual>();
expectTypeOf(new Residual(new Doubled()).forward(zeros([2, 3]))).toEqualTypeOf<Tensor>();
// @ts-expect-error Linear(5, 6) expects the last axis to be 5, got 4
new Sequential(residual, new Linear(5, 6));
// @ts-expect-error Linear(3, 4) expects the last axis to be 3, got 2
residual.forward(zeros([2, 2]));

/* outputShape returns the same shape as forward. */

expectTypeOf(outputShape(hidden, [32, 784])).toEqualTypeOf<Shape>();
expectTypeOf(outputShape(new LSTM(3, 4), [5, 2, 3]).output).toEqualTypeOf<Shape>();

/** The same layer with unknown lengths. */
export class Adapted extends Linear {
  override forward(x: Tensor): Tensor {
    return super.forward(x).mul(2);
  }
}

export function generic<S extends Shape>(x: Tensor<S>): Tensor {
  return model
    .forward(x)
    .add(hidden.forward(x))
    .add(new LayerNorm(3).forward(x))
    .add(new Flatten().forward(x));
}

export function chain<const L extends readonly Layer[]>(...links: L): Sequential<L> {
  return new Sequential(...links);
}
