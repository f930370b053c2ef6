import type { CheckKernel } from "@stargrad/compiler";
import { indexError, primitives } from "@stargrad/graph";

/** The error that the reference engine throws for a faulty number. */
export function failureOf({ primitive, faulty }: CheckKernel, position: number, value: number): Error {
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
