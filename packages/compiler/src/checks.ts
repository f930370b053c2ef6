import { primitives, type Node, type Operation } from "@stargrad/graph";
import { indexError } from "@stargrad/graph/internal";
import type { Check, CheckLowering, Faulty } from "./check-lowering.js";
import type { CheckKernel, LoopExpression, Operand } from "./kernel.js";
import { layoutKey } from "./layout.js";
import type { Lowering } from "./lowering.js";

/** Kernels end the program with an error, before anything uses the number. */
export const abortingChecks: CheckLowering = {
  look({ primitive, faulty, node, operand }, { kernels }) {
    kernels.push({ kind: "check", primitive, shape: node.shape, operand, faulty });
    return null;
  },
  usableNumber: null,
};

/** The error that the reference engine throws for a faulty number. */
export function failureOf(
  { primitive, faulty }: Pick<CheckKernel, "primitive" | "faulty">,
  position: number,
  value: number,
): Error {
  if (primitive === "gather" || primitive === "scatterAdd") {
    return indexError(primitive, value, position, faulty.from);
  }
  const [one, operand, output] = [1, value, 0].map((number) => ({
    shape: [1],
    dtype: "int32" as const,
    data: Int32Array.of(number),
  }));
  try {
    primitives[primitive].reference([one, operand], {}, output);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${primitive} accepts ${value}, which was found to be faulty`);
}

/** Checks that an index is from 0 up to, and without, the size. Returns another one to use instead, or `null`. */
export function checkIndex(
  primitive: "gather" | "scatterAdd",
  index: Node,
  size: number,
  lowering: Lowering,
): Operand | null {
  return check(primitive, index, { from: size, to: -1 }, lowering);
}

/**
 * Checks the second operand: int32 has no remainder by 0, and no power below 0. Returns what makes another one of it to use instead,
 * or `null`.
 */
export function checkIntegers(
  node: Node,
  { primitive, inputs }: Operation & { readonly primitive: "mod" | "pow" },
  lowering: Lowering,
): ((number: LoopExpression) => LoopExpression) | null {
  if (node.dtype !== "int32") return null;
  const faulty = primitive === "mod" ? { from: 0, to: 0 } : { from: -(2 ** 31), to: -1 };
  check(primitive, inputs[1], faulty, lowering);
  const { usableNumber } = lowering.context().target.checks;
  return usableNumber && ((number) => usableNumber(number, faulty, node));
}

/** Checks an operand, unless that has been done: a gather's gradient scatters by the same index. */
function check(
  primitive: Check["primitive"],
  node: Node,
  faulty: Faulty,
  lowering: Lowering,
): Operand | null {
  const { checked } = lowering;
  const operand = lowering.read(node);
  const key = `${operand.buffer} ${layoutKey(operand.layout)} ${faulty.from} ${faulty.to}`;
  const known = checked.get(key);
  if (known !== undefined) return known;
  const { kernels, addBuffer } = lowering;
  const { target, findings, isBody } = lowering.context();
  const usable = target.checks.look(
    { primitive, faulty, node, operand },
    { kernels, addBuffer, findings, isBody },
  );
  checked.set(key, usable);
  return usable;
}
