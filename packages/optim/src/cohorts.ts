import type { Parameter } from "@stargrad/autograd";
import type { DType } from "@stargrad/tensor";
import type { Group } from "./groups.js";

/** Parameters of one group and one type that take a step of the same number, and so share all its numbers. */
export interface Cohort<Options> {
  /** Which group and type, and which of the cohorts there: `0 float32 0`, as long as all go together. */
  readonly name: string;
  readonly group: Group<Options>;
  readonly dtype: DType;
  /** The number of the step that they take, from 1. */
  readonly step: number;
  /** Their places in the group. */
  readonly places: number[];
}

/** The cohorts in which some of the parameters of these groups take their next step. */
export function cohortsOf<Options>(
  groups: readonly Group<Options>[],
  stepping: ReadonlySet<Parameter>,
  stepsOf: (parameter: Parameter) => number,
): Cohort<Options>[] {
  return groups.flatMap((group, i) => {
    const cohorts: Cohort<Options>[] = [];
    for (const [place, parameter] of group.parameters.entries()) {
      if (!stepping.has(parameter)) continue;
      const { dtype } = parameter;
      const step = stepsOf(parameter) + 1;
      // Most parameters go with the one before, and this is asked at every step.
      const last = cohorts[cohorts.length - 1] as Cohort<Options> | undefined;
      if (last?.step === step && last.dtype === dtype) {
        last.places.push(place);
        continue;
      }
      const ofType = cohorts.filter((cohort) => cohort.dtype === dtype);
      const known = ofType.find((cohort) => cohort.step === step);
      if (known !== undefined) known.places.push(place);
      else cohorts.push({ name: `${i} ${dtype} ${ofType.length}`, group, dtype, step, places: [place] });
    }
    return cohorts;
  });
}
