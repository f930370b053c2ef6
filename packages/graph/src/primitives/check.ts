import { CheckError, DTypeError } from "../errors.js";
import type { Primitive } from "../primitive.js";
import { values } from "../samples.js";

/** The error messages of a check. */
export interface CheckAttributes {
  /** The function that the error names as the one that was called. */
  readonly called: string;
  /** The messages for the codes 1, 2, 3, … */
  readonly problems: readonly string[];
  /** What the user should try; `""` for no hint. */
  readonly hint: string;
}

/** Returns the codes if all of them are 0. Otherwise the program that computes the check fails and changes no storage. */
export const check: Primitive<CheckAttributes, "check"> = {
  name: "check",
  kind: "check",
  arity: 1,

  shape: ([x]) => x.shape,
  dtype([x]) {
    if (x.dtype === "int32") return "int32";
    throw new DTypeError("check", `got codes of ${x.dtype}; expected int32`, 'Cast with x.cast("int32")');
  },
  reference([x], attributes) {
    const code = x.data.find((each) => each !== 0);
    if (code !== undefined) throw checkError(attributes, code);
  },
};

/** The formulas and the samples. */
export const checkDescriptions = {
  check: {
    formula: "y = x where all of x is 0; else the program fails",
    samples: () => [
      { inputs: [values("int32", [], [0])], attributes: { called: "sample", problems: ["odd"], hint: "" } },
      {
        inputs: [values("int32", [2, 3], [0, 0, 0, 0, 0, 0])],
        attributes: { called: "sample", problems: [], hint: "" },
      },
      { inputs: [values("int32", [0], [])], attributes: { called: "sample", problems: [], hint: "Try" } },
    ],
  },
};

/** The error that every engine throws for a nonzero code. */
export function checkError({ called, problems, hint }: CheckAttributes, code: number): CheckError {
  const problem = problems[code - 1] as string | undefined;
  return new CheckError(called, problem ?? `found the code ${code}`, hint === "" ? undefined : hint, code);
}
