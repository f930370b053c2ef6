import type { Description, Sample } from "./primitive.js";
import { primitives, type PrimitiveName, type RowAttributes } from "./primitives.js";
import { checkDescriptions } from "./primitives/check.js";
import { contractionDescriptions } from "./primitives/contraction.js";
import { elementwiseDescriptions, type Elementwise } from "./primitives/elementwise.js";
import { indexingDescriptions } from "./primitives/indexing.js";
import { movementDescriptions } from "./primitives/movement.js";
import { randomDescriptions } from "./primitives/random.js";
import { reductionDescriptions } from "./primitives/reduction.js";
import { scanDescriptions } from "./primitives/scan.js";
import { draw, flags, integers, reals, sampleShapes, values, type Bounds } from "./samples.js";

/** The formula that a primitive computes, as `docs/primitives.md` shows it. */
export function formulaOf(name: PrimitiveName): string {
  return descriptions()[name].formula;
}

/** The sample inputs of a primitive: every test that is made from the table uses them. A loop has none. */
export function samplesOf<P extends PrimitiveName>(name: P): readonly Sample<RowAttributes<P>>[] {
  const { samples } = descriptions()[name];
  if (typeof samples === "function") return samples() as readonly Sample<RowAttributes<P>>[];
  const ranges = (Array.isArray(samples[0]) ? samples : [samples]) as readonly Bounds[];
  // Only elementwise rows have bounds instead of a function; the types of the two tables do not say so.
  return elementwiseSamples(primitives[name] as unknown as Elementwise, ranges);
}

type Descriptions = {
  readonly [P in PrimitiveName]: P extends keyof typeof elementwiseDescriptions
    ? (typeof elementwiseDescriptions)[P]
    : Description<RowAttributes<P>>;
};

/** In a function, so that bundlers remove the tables: they are not in any program. */
function descriptions(): Descriptions {
  return {
    ...elementwiseDescriptions,
    ...reductionDescriptions,
    ...contractionDescriptions,
    ...movementDescriptions,
    ...indexingDescriptions,
    ...checkDescriptions,
    ...randomDescriptions,
    ...scanDescriptions,
  };
}

function elementwiseSamples({ arity, accepts }: Elementwise, ranges: readonly Bounds[]): Sample<never>[] {
  const inputs = sampleShapes.map((shape) =>
    ranges.map((bounds, seed) => draw(shape, reals(...bounds), seed)),
  );
  if (accepts.includes("int32")) {
    inputs.push([integers([7]), values("int32", [7], [1, 2, 3, 7, 2, 1, 3])].slice(0, arity));
  }
  if (accepts.includes("bool") && arity > 1) {
    inputs.push([flags([4]), values("bool", [4], [0, 0, 1, 1])]);
  }
  return inputs.map((each) => ({ inputs: each, attributes: {} as never }));
}
