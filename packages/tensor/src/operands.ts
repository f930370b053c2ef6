import { createLeaf, DTypeError, FilledStorage, sameShape, type DType, type Shape } from "@stargrad/graph";
import { broadcastShapes, canHold, floats, promote } from "@stargrad/graph/internal";
import { isUnsupported } from "./engine.js";
import { fromArray, indicesFrom } from "./from-array.js";
import { apply, onAnyEngine, Tensor } from "./tensor.js";

/**
 * An operand: a tensor, or a number or boolean that is converted to the other operand's type. Programs without types may pass an
 * array, too (see `toOperand`); the type does not admit one, because TypeScript knows no shape of nested arrays.
 */
export type Operand<S extends Shape = Shape> = Tensor<S> | number | boolean;

/*
 * The door through which operands enter: every function of tensors passes its operands to one of the following functions, which
 * return a tensor immediately. Nothing else checks for what is no tensor.
 */

/** A tensor, number or boolean as it is; an array as a tensor: see `fromArray`. `beside`: what it is combined with. */
export function toOperand(called: string, given: unknown, beside?: unknown): Operand {
  return typeof given === "number" || typeof given === "boolean" ? given : toTensor(called, given, beside);
}

/** A tensor as it is; what `tensor` accepts as a tensor. Throws: ArgumentError for anything else */
export function toTensor(called: string, given: unknown, beside?: unknown): Tensor {
  if (given instanceof Tensor) return given as Tensor;
  return fromArray(called, given, beside instanceof Tensor ? beside.dtype : undefined);
}

/** Like `toTensor` for indices: whole numbers become int32. */
export function toIndices(called: string, given: unknown): Tensor {
  return given instanceof Tensor ? (given as Tensor) : indicesFrom(called, given);
}

/** Like `toTensor` for a list: its arrays take the common type of its tensors. */
export function toTensors(called: string, given: readonly unknown[]): readonly Tensor[] {
  const tensors = given.filter((x) => x instanceof Tensor) as readonly Tensor[];
  if (tensors.length === given.length) return tensors;
  const beside = tensors.length === 0 ? undefined : commonType(tensors)[0];
  return given.map((x) => toTensor(called, x, beside));
}

/** A scalar. Its value is an input of the programs that use it, never a constant in their code. */
export function scalar(value: number | boolean, dtype: DType): Tensor<[]> {
  // Its array is made only if it is read: making one takes as long as the rest of this function.
  return new Tensor(createLeaf([], dtype, new FilledStorage(dtype, 1, Number(value))));
}

/**
 * Converts two operands to a common element type.
 *
 * For two tensors it is the later type of `bool < int32 < float32 < float64`. A number takes the tensor's type, unless that type
 * cannot hold it: 0.5 beside an int32 tensor makes both float32.
 */
export function alignedOperands(a: Operand, b: Operand, accepts: readonly DType[]): [Tensor, Tensor] {
  const dtype = accepted(resultType(a, b), accepts);
  return [castOperand(a, dtype), castOperand(b, dtype)];
}

/** Whether an operand is a tensor. In the functions that every operation calls, much faster than `instanceof`. */
function isTensor(operand: Operand): operand is Tensor {
  return typeof operand === "object";
}

/** Throws if two operands do not broadcast. The error names the function that the user called, not one that it calls. */
export function checkBroadcast(called: string, a: Operand, b: Operand): void {
  const shapeOf = (operand: Operand): Shape => (isTensor(operand) ? operand.shape : []);
  broadcastShapes(called, shapeOf(a), shapeOf(b));
}

/** The common type of two operands. */
export function resultType(a: Operand, b: Operand): DType {
  if (isTensor(a)) return isTensor(b) ? promote(a.dtype, b.dtype) : literalType(b, a.dtype);
  return isTensor(b) ? literalType(a, b.dtype) : promote(literalType(a, "bool"), literalType(b, "bool"));
}

export function castOperand(operand: Operand, dtype: DType): Tensor {
  return isTensor(operand) ? castTo(operand, dtype) : scalar(operand, dtype);
}

export function castTo<S extends Shape>(x: Tensor<S>, dtype: DType): Tensor<S> {
  if (x.dtype === dtype) return x;
  const y = apply("cast", [x], { dtype }) as Tensor<S>;
  // An engine cannot cast from a type that it lacks. Elements in host memory need no engine.
  const isForeign = x.node.storage !== null && !y.node.tracked && isUnsupported(x.dtype);
  return isForeign ? (onAnyEngine(y) as Tensor<S>) : y;
}

/** The tensor broadcast to the given shape, with which it must be compatible. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const aligned = [...new Array<number>(shape.length - x.ndim).fill(1), ...x.shape];
  const lifted = aligned.length === x.ndim ? x : apply("reshape", [x], { shape: aligned });
  return sameShape(aligned, shape) ? lifted : apply("expand", [lifted], { shape });
}

/** The type an operation computes in: `dtype` if it is accepted, else the first accepted type it promotes to, else float32. */
export function accepted(dtype: DType, accepts: readonly DType[]): DType {
  if (accepts.includes(dtype)) return dtype;
  return accepts.find((candidate) => promote(dtype, candidate) === candidate) ?? "float32";
}

/** The tensor cast to a floating-point type, unless it has one. */
export function toFloat<S extends Shape>(x: Tensor<S>): Tensor<S> {
  return castTo(x, accepted(x.dtype, floats));
}

/** Throws a DTypeError unless the tensor has floating-point elements. */
export function expectFloat(called: string, x: Tensor): void {
  if (floats.includes(x.dtype)) return;
  throw new DTypeError(called, `got ${x.dtype}; expected float32 or float64`, 'Cast with x.cast("float32")');
}

function literalType(literal: number | boolean, beside: DType): DType {
  if (typeof literal === "boolean") return beside;
  return promote(beside, canHold("int32", literal) ? "int32" : "float32");
}

/** The tensors, cast to the latest of their element types. */
export function commonType(tensors: readonly Tensor[]): Tensor[] {
  const dtype = tensors.map((x) => x.dtype).reduce(promote, "bool");
  return tensors.map((x) => castTo(x, dtype));
}
