import type { BinaryName, Shape, UnaryName } from "@stargrad/graph";
import * as activation from "./functions/activation.js";
import * as closeness from "./functions/all-close.js";
import * as contraction from "./functions/contraction.js";
import * as elementwise from "./functions/elementwise.js";
import * as indexing from "./functions/indexing.js";
import * as movement from "./functions/movement.js";
import * as rectifier from "./functions/rectifier.js";
import * as reduction from "./functions/reduction.js";
import * as softmax from "./functions/softmax.js";
import { Tensor } from "./tensor.js";

/**
 * The methods of Tensor. Each is the function of the same name with the tensor as its first argument. See the functions for
 * signatures and documentation.
 *
 * The table is a class because TypeScript resolves the types of class fields lazily. The names of Tensor's members are then known
 * before their types, which refer to Tensor again; an object literal would be a circular type.
 */
export class MethodTable {
  readonly neg = method(elementwise.neg);
  readonly abs = method(elementwise.abs);
  readonly sign = method(elementwise.sign);
  readonly floor = method(elementwise.floor);
  readonly round = method(elementwise.round);
  readonly exp = method(elementwise.exp);
  readonly expm1 = method(elementwise.expm1);
  readonly log = method(elementwise.log);
  readonly log1p = method(elementwise.log1p);
  readonly sqrt = method(elementwise.sqrt);
  readonly sin = method(elementwise.sin);
  readonly cos = method(elementwise.cos);
  readonly atan = method(elementwise.atan);
  readonly sinh = method(elementwise.sinh);
  readonly cosh = method(elementwise.cosh);
  readonly tanh = method(elementwise.tanh);
  readonly sigmoid = method(elementwise.sigmoid);
  readonly erf = method(elementwise.erf);
  readonly add = method(elementwise.add);
  readonly sub = method(elementwise.sub);
  readonly mul = method(elementwise.mul);
  readonly div = method(elementwise.div);
  readonly pow = method(elementwise.pow);
  readonly mod = method(elementwise.mod);
  readonly maximum = method(elementwise.maximum);
  readonly minimum = method(elementwise.minimum);
  readonly less = method(elementwise.less);
  readonly lessEqual = method(elementwise.lessEqual);
  readonly equal = method(elementwise.equal);
  readonly floorDivide = method(elementwise.floorDivide);
  readonly greater = method(elementwise.greater);
  readonly greaterEqual = method(elementwise.greaterEqual);
  readonly notEqual = method(elementwise.notEqual);
  readonly logicalAnd = method(elementwise.logicalAnd);
  readonly logicalOr = method(elementwise.logicalOr);
  readonly logicalNot = method(elementwise.logicalNot);
  readonly ceil = method(elementwise.ceil);
  readonly tan = method(elementwise.tan);
  readonly square = method(elementwise.square);
  readonly reciprocal = method(elementwise.reciprocal);
  readonly rsqrt = method(elementwise.rsqrt);
  readonly isNaN = method(elementwise.isNaN);
  readonly isFinite = method(elementwise.isFinite);
  readonly cast = method(elementwise.cast);
  readonly detach = method(elementwise.detach);
  readonly clamp = method(elementwise.clamp);
  readonly logit = method(elementwise.logit);
  readonly erfinv = method(elementwise.erfinv);

  readonly relu = method(activation.relu);
  readonly silu = method(activation.silu);
  readonly gelu = method(activation.gelu);
  readonly softplus = method(activation.softplus);
  readonly glu = method(activation.glu);
  readonly elu = method(rectifier.elu);
  readonly hardtanh = method(rectifier.hardtanh);
  readonly leakyRelu = method(rectifier.leakyRelu);
  readonly mish = method(rectifier.mish);
  readonly prelu = method(rectifier.prelu);
  readonly selu = method(rectifier.selu);

  readonly logsumexp = method(softmax.logsumexp);
  readonly softmax = method(softmax.softmax);
  readonly logSoftmax = method(softmax.logSoftmax);

  readonly sum = method(reduction.sum);
  readonly prod = method(reduction.prod);
  readonly mean = method(reduction.mean);
  readonly amax = method(reduction.amax);
  readonly amin = method(reduction.amin);
  readonly max = method(reduction.max);
  readonly min = method(reduction.min);
  readonly argmax = method(reduction.argmax);
  readonly argmin = method(reduction.argmin);
  readonly variance = method(reduction.variance);
  readonly std = method(reduction.std);
  readonly norm = method(reduction.norm);
  readonly any = method(reduction.any);
  readonly all = method(reduction.all);
  readonly cumsum = method(reduction.cumsum);

  readonly allClose = method(closeness.allClose);
  readonly matmul = method(contraction.matmul);
  readonly dot = method(contraction.dot);
  readonly outer = method(contraction.outer);

  readonly reshape = method(movement.reshape);
  readonly flatten = method(movement.flatten);
  readonly permute = method(movement.permute);
  readonly transpose = method(movement.transpose);
  readonly expand = method(movement.expand);
  readonly squeeze = method(movement.squeeze);
  readonly unsqueeze = method(movement.unsqueeze);
  readonly slice = method(movement.slice);
  readonly narrow = method(movement.narrow);
  readonly select = method(movement.select);
  readonly flip = method(movement.flip);
  readonly pad = method(movement.pad);
  readonly split = method(movement.split);
  readonly repeat = method(movement.repeat);
  readonly roll = method(movement.roll);
  readonly unfold = method(movement.unfold);
  readonly fold = method(movement.fold);

  readonly gather = method(indexing.gather);
  readonly take = method(indexing.take);
  readonly scatterAdd = method(indexing.scatterAdd);
  readonly argsort = method(indexing.argsort);
  readonly sort = method(indexing.sort);
  readonly topk = method(indexing.topk);
  readonly tril = method(indexing.tril);
  readonly triu = method(indexing.triu);
}

type Functions = typeof activation &
  typeof closeness &
  typeof contraction &
  typeof elementwise &
  typeof indexing &
  typeof movement &
  typeof rectifier &
  typeof reduction &
  typeof softmax;

/**
 * The types of Tensor's methods. Editors show the documentation of the function of the same name, because the keys are mapped
 * from the functions.
 */
export type Methods = {
  [Name in keyof Pick<Functions, keyof MethodTable>]: MethodTable[Name];
};

declare module "./tensor.js" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- the interface only adds the methods, and declaration merging requires the same type parameter
  interface Tensor<S extends Shape> extends Methods {}
}

// Every elementwise primitive must be a method.
const methods = new MethodTable() satisfies Record<UnaryName | BinaryName, unknown>;

for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

/** Turns a function into a method: `this` becomes the first argument. TypeScript keeps its type parameters. */
function method<X, Rest extends readonly unknown[], Y>(
  call: (x: X, ...rest: Rest) => Y,
): (this: X, ...rest: Rest) => Y {
  return function (...rest) {
    return call(this, ...rest);
  };
}
