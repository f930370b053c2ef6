import { primitiveNames, primitives, sizeOf, type HostTensor, type Primitive } from "@stargrad/graph";
import { apply, fromData, Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { checkGradient } from "./check-gradient.js";
import { rules } from "./rules.js";

/** Samples whose gradient can be checked: something real goes in, and there is something to vary. */
function realSamples(primitive: Primitive): readonly { inputs: readonly HostTensor[]; attributes: object }[] {
  return primitive.samples.filter(({ inputs }) =>
    inputs.some(({ dtype, shape }) => dtype === "float64" && sizeOf(shape) > 0),
  );
}

describe("the table of gradient rules", () => {
  for (const name of primitiveNames) {
    const primitive: Primitive = primitives[name];
    const samples = realSamples(primitive).filter((sample) => {
      const output = primitive.dtype(sample.inputs, sample.attributes);
      return output === "float64";
    });

    if (rules[name] === null) {
      it(`${name} has no derivative: its output is not real, or the gradient stops there by intent`, () => {
        expect(name === "stopGradient" || samples.length === 0).toBe(true);
      });
      continue;
    }

    describe(name, () => {
      it("has at least three samples to check, one with an axis of length 1", () => {
        expect(samples.length).toBeGreaterThanOrEqual(name === "cast" ? 1 : 3);
        const hasUnitAxis = samples.some(({ inputs }) => inputs.some(({ shape }) => shape.includes(1)));
        expect(hasUnitAxis || ["cast"].includes(name)).toBe(true);
      });
      samples.forEach((sample, i) => {
        const shapes = sample.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
        for (const order of [1, 2] as const) {
          it(`sample ${i}, ${shapes}: ${order === 1 ? "first" : "second"} derivative`, () => {
            const real = sample.inputs.flatMap((input, place) => (input.dtype === "float64" ? [place] : []));
            const tensors = sample.inputs.map(({ data, shape }) => fromData(data.slice(), shape));
            const report = checkGradient(
              (...varied) => {
                const inputs: Tensor[] = [...tensors];
                real.forEach((place, k) => (inputs[place] = varied[k]));
                return apply(name, inputs, sample.attributes as never);
              },
              real.map((place) => tensors[place]),
              { order },
            );
            expect(report.checked).toBe(
              real.reduce((total, place) => total + sizeOf(sample.inputs[place].shape), 0),
            );
          });
        }
      });
    });
  }
});
