import { plainNames, primitives, samplesOf, sizeOf, type PlainName, type Primitive } from "@stargrad/graph";
import { fromData, tensor, type Tensor } from "@stargrad/tensor";
import { apply } from "@stargrad/tensor/internal";
import { checkGradient, jvp } from "../src/index.js";
import { rules } from "../src/internal.js";

/** A primitive on one of its samples, as a function of the inputs that are real numbers. */
export interface DifferentiableSample {
  readonly shapes: string;
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly Tensor[];
}

/** How many derivatives were compared, and by how much they differed at most. */
interface Comparison {
  readonly checked: number;
  readonly largestError: number;
}

/** Every derivative that is checked, by what it is called in the table. Each throws if one is wrong. */
export const checks = {
  "first derivative": ({ f, inputs }) => checkGradient(f, inputs),
  "second derivative": ({ f, inputs }) => checkGradient(f, inputs, { order: 2 }),
  jvp: checkTangent,
} satisfies Record<string, (sample: DifferentiableSample) => Comparison>;

/** The samples of a primitive that have something to differentiate: float64 goes in and comes out. */
export function differentiableSamples(name: PlainName): DifferentiableSample[] {
  const primitive: Primitive = primitives[name];
  return samplesOf(name).flatMap(({ inputs, attributes }) => {
    const places = inputs.flatMap(({ dtype, shape }, i) =>
      dtype === "float64" && sizeOf(shape) > 0 ? [i] : [],
    );
    if (places.length === 0 || primitive.dtype(inputs, attributes) !== "float64") return [];
    const tensors = inputs.map(({ data, shape }): Tensor => fromData(data.slice(), shape));
    return {
      shapes: inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" "),
      f: (...varied) =>
        apply(
          name,
          tensors.map((x, i) => (places.includes(i) ? varied[places.indexOf(i)] : x)),
          attributes as never,
        ),
      inputs: places.map((i) => tensors[i]),
    };
  });
}

/**
 * Why a primitive has no derivative to check; `null` if it has one.
 *
 * Throws: Error if it has no rule for no good reason
 */
export function whyNoDerivative(name: PlainName): string | null {
  if (rules[name] !== null) return null;
  if (name === "detach") return "none, by intent";
  if (differentiableSamples(name).length > 0) throw new Error(`${name} is real, and has no gradient rule`);
  return "none, its output is not real";
}

/** Compares `J v` with central differences along v, for every element of the output. */
function checkTangent({ f, inputs }: DifferentiableSample): Comparison {
  const directions = inputs.map(({ size, shape }, i): Tensor => {
    const elements = Float64Array.from({ length: size }, (_, k) => Math.cos(1 + k + 3 * i));
    return tensor(elements, { shape });
  });
  const step = 1e-6;
  const moved = (distance: number): Tensor => f(...inputs.map((x, i) => x.add(directions[i].mul(distance))));
  const expected = moved(step)
    .sub(moved(-step))
    .div(2 * step)
    .dataSync();
  const got = jvp(f, [...inputs], directions).tangent.dataSync();
  let largestError = 0;
  got.forEach((element, i) => {
    const error = Math.abs(element - expected[i]);
    largestError = Math.max(largestError, error);
    if (!(error <= 1e-5 + 1e-3 * Math.abs(expected[i]))) {
      throw new Error(`jvp: element ${i} of the tangent is ${element}; expected ${expected[i]}`);
    }
  });
  return { checked: got.length, largestError };
}

/** One primitive's line: what was found by each check, or why there is nothing to check. */
interface Row {
  readonly name: string;
  readonly cells: readonly string[];
  readonly checked: number;
  readonly failures: readonly string[];
}

/** Runs every check on every sample of these primitives, by default all. */
export function gradientTable(names = plainNames): { text: string; failures: readonly string[] } {
  const rows = names.map(rowOf);
  const failures = rows.flatMap((row) => row.failures);
  const total = rows.reduce((count, { checked }) => count + checked, 0);
  const columns = ["primitive", "samples", ...Object.keys(checks)];
  const lines = [columns, ...rows.map(({ name, cells }) => [name, ...cells])];
  // A line that says why there is nothing to check is as long as it is; the others keep to their columns.
  const tabular = lines.filter((cells) => cells.length === columns.length);
  const widths = columns.map((_, i) =>
    Math.max(...(i === 0 ? lines : tabular).map((cells) => cells[i].length)),
  );
  const text = [
    ...lines.map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    ),
    "",
    `${rows.length} primitives, ${total} derivatives compared with central differences in float64, ${failures.length} wrong`,
    ...failures,
  ].join("\n");
  return { text, failures };
}

function rowOf(name: PlainName): Row {
  const reason = whyNoDerivative(name);
  if (reason !== null) return { name, cells: [reason], checked: 0, failures: [] };
  const samples = differentiableSamples(name);
  const failures: string[] = [];
  let total = 0;
  const cells = Object.entries(checks).map(([check, run]) => {
    let [checked, largest] = [0, 0];
    for (const sample of samples) {
      try {
        const { checked: count, largestError } = run(sample);
        checked += count;
        largest = Math.max(largest, largestError);
      } catch (error) {
        failures.push(`${name} ${sample.shapes}, ${check}: ${String(error)}`);
        largest = Infinity;
      }
    }
    total += checked;
    return `${checked} within ${largest.toExponential(0)}`;
  });
  return { name, cells: [String(samples.length), ...cells], checked: total, failures };
}
