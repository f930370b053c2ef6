import type { Parameter } from "@stargrad/autograd";
import type { DType } from "@stargrad/tensor";
import type { Group } from "./groups.js";

/** Parameters of the same group, element type and step number. They share all numbers of the step. */
export interface Cohort<Options> {
  /** The index of the group, the type, and the index of the cohort among those: `0 float32 0` for the first cohort. */
  readonly name: string;
  readonly group: Group<Options>;
  readonly dtype: DType;
  /** The number of their next step, from 1. */
  readonly step: number;
  /** The indices of the parameters in the group. */
  readonly indices: number[];
}

/** Divides those parameters of the groups that take a step into cohorts. */
export function cohortsOf<Options>(
  groups: readonly Group<Options>[],
  stepping: ReadonlySet<Parameter>,
  stepsOf: (parameter: Parameter) => number,
): Cohort<Options>[] {
  return groups.flatMap((group, i) => {
    const cohorts: Cohort<Options>[] = [];
    for (const [index, parameter] of group.parameters.entries()) {
      if (!stepping.has(parameter)) continue;
      const { dtype } = parameter;
      const step = stepsOf(parameter) + 1;
      // A shortcut, because this runs at every step and most parameters belong to the cohort of the previous one.
      const last = cohorts[cohorts.length - 1] as Cohort<Options> | undefined;
      if (last?.step === step && last.dtype === dtype) {
        last.indices.push(index);
        continue;
      }
      const ofType = cohorts.filter((cohort) => cohort.dtype === dtype);
      const known = ofType.find((cohort) => cohort.step === step);
      if (known !== undefined) known.indices.push(index);
      else cohorts.push({ name: `${i} ${dtype} ${ofType.length}`, group, dtype, step, indices: [index] });
    }
    return cohorts;
  });
}
