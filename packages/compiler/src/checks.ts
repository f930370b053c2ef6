import { checkError, primitives, type Node, type Operation, indexError } from "@stargrad/graph";
import type { Check, CheckLowering } from "./check-lowering.js";
import type { CheckKernel, LoopExpression, Operand } from "./kernel.js";
import { layoutKey } from "./layout.js";
import type { Lowering } from "./lowering.js";

/** For targets whose kernels can abort the program: a check kernel throws before any other kernel uses the number. */
export const abortingChecks: CheckLowering = {
  // The largest operation, `where`, reads three operands.
  least: { operands: 3, parts: 4 },
  look({ node, ...check }, { kernels }) {
    kernels.push({ kind: "check", shape: node.shape, ...check });
    return null;
  },
  usableNumber: null,
};

/** The error that the reference engine throws for a faulty number. */
export function failureOf(
  { primitive, attributes, faulty }: Pick<CheckKernel, "primitive" | "attributes" | "faulty">,
  position: number,
  value: number,
): Error {
  if (primitive === "gather" || primitive === "scatterAdd") {
    return indexError(primitive, value, position, faulty.from);
  }
  if (primitive === "check") {
    if (attributes === undefined) throw new Error("a check kernel has no attributes");
    return checkError(attributes, value);
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
  throw new Error(`a check of ${primitive} reported ${value}, which ${primitive} accepts`);
}

/** Checks that an index is in [0, size). Returns the operand to use instead of the index, or `null`. */
export function checkIndex(
  primitive: "gather" | "scatterAdd",
  index: Node,
  size: number,
  lowering: Lowering,
): Operand | null {
  return check({ primitive, faulty: { from: size, to: -1 } }, index, lowering);
}

/** Checks that codes are 0. */
export function checkCodes(
  { inputs: [codes], attributes }: Operation & { readonly primitive: "check" },
  lowering: Lowering,
): void {
  check({ primitive: "check", attributes, faulty: { from: 1, to: -1 } }, codes, lowering);
}

/**
 * Checks the second operand: int32 has no remainder by 0, and no negative power. Returns a function that replaces faulty numbers of
 * that operand, or `null`.
 */
export function checkIntegers(
  node: Node,
  { primitive, inputs }: Operation & { readonly primitive: "mod" | "pow" },
  lowering: Lowering,
): ((number: LoopExpression) => LoopExpression) | null {
  if (node.dtype !== "int32") return null;
  const faulty = primitive === "mod" ? { from: 0, to: 0 } : { from: -(2 ** 31), to: -1 };
  check({ primitive, faulty }, inputs[1], lowering);
  const { usableNumber } = lowering.context().target.checks;
  return usableNumber && ((number) => usableNumber(number, faulty, node));
}

/** Checks an operand, unless it has been checked already: the gradient of a gather uses the same index. */
function check(what: Omit<Check, "node" | "operand">, node: Node, lowering: Lowering): Operand | null {
  const { checked } = lowering;
  const operand = lowering.read(node);
  const { faulty, attributes } = what;
  const messages = attributes === undefined ? "" : ` ${JSON.stringify(attributes)}`;
  const key = `${operand.buffer} ${layoutKey(operand.layout)} ${faulty.from} ${faulty.to}${messages}`;
  const known = checked.get(key);
  if (known !== undefined) return known;
  const { kernels, addBuffer } = lowering;
  const { target, findings, isBody } = lowering.context();
  const usable = target.checks.look({ ...what, node, operand }, { kernels, addBuffer, findings, isBody });
  checked.set(key, usable);
  return usable;
}
