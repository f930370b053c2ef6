import { CheckError, DTypeError } from "../errors.js";
import type { Primitive } from "../primitive.js";
import { values } from "../samples.js";

/** What a check says of the codes that it may find. */
export interface CheckAttributes {
  /** Who is said to throw. */
  readonly called: string;
  /** What the codes 1, 2, 3, … mean. */
  readonly problems: readonly string[];
  /** What to try; `""` if there is no good guess. */
  readonly hint: string;
}

/** Hands codes on that are 0. If one of them is not, the program that computes it fails, and changes nothing. */
export const check: Primitive<CheckAttributes, "check"> = {
  name: "check",
  kind: "check",
  arity: 1,
  formula: "y = x where all of x is 0; else the program fails",
  shape: ([x]) => x.shape,
  dtype([x]) {
    if (x.dtype === "int32") return "int32";
    throw new DTypeError("check", `got codes of ${x.dtype}; expected int32`, 'Cast with x.cast("int32")');
  },
  reference([x], attributes) {
    const code = x.data.find((each) => each !== 0);
    if (code !== undefined) throw checkError(attributes, code);
  },
  samples: [
    { inputs: [values("int32", [], [0])], attributes: { called: "sample", problems: ["odd"], hint: "" } },
    {
      inputs: [values("int32", [2, 3], [0, 0, 0, 0, 0, 0])],
      attributes: { called: "sample", problems: [], hint: "" },
    },
    { inputs: [values("int32", [0], [])], attributes: { called: "sample", problems: [], hint: "Try" } },
  ],
};

/** What every engine throws for a code that is not 0. */
export function checkError({ called, problems, hint }: CheckAttributes, code: number): CheckError {
  const problem = problems[code - 1] as string | undefined;
  return new CheckError(called, problem ?? `found the code ${code}`, hint === "" ? undefined : hint, code);
}
