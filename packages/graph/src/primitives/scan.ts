import { DTypeError, ShapeError } from "../errors.js";
import type { Signature, TensorType } from "../primitive.js";
import { formatShape, sameShape, type Shape } from "../shape.js";

/** The types of a loop body's inputs and outputs, which are all that a signature needs. */
export interface BodyTypes {
  readonly constants: readonly TensorType[];
  readonly carries: readonly TensorType[];
  readonly sequences: readonly TensorType[];
  readonly next: readonly TensorType[];
  readonly results: readonly TensorType[];
}

export interface ScanAttributes<Body extends BodyTypes = BodyTypes> {
  /** What every iteration computes. */
  readonly body: Body;
  /** The number of iterations. */
  readonly length: number;
  /** Whether iteration i reads slice `length − 1 − i` of the sequences and writes that slice of the results. */
  readonly reverse: boolean;
}

const scalar: Shape = [];

function expectInput(index: number, { shape, dtype }: TensorType, expected: TensorType): void {
  if (!sameShape(shape, expected.shape)) {
    throw new ShapeError(
      "scan",
      `input ${index} has the shape ${formatShape(shape)}; expected ${formatShape(expected.shape)}`,
    );
  }
  if (dtype !== expected.dtype) {
    throw new DTypeError("scan", `input ${index} is ${dtype}; expected ${expected.dtype}`);
  }
}

/**
 * A loop. Its inputs are the body's constants, then the initial carries, then the sequences: each stacks the slices that the
 * iterations read. Its node represents all outputs of the loop together; it is not a tensor, and only `scanOutput` reads it.
 */
export const scan: Signature<ScanAttributes, "loop"> = {
  name: "scan",
  kind: "loop",
  arity: "any",

  shape(inputs, { body, length }) {
    const { constants, carries, sequences } = body;
    const count = constants.length + carries.length + sequences.length;
    if (inputs.length !== count) {
      throw new ShapeError("scan", `got ${inputs.length} inputs; its body takes ${count}`);
    }
    let i = 0;
    // Indexed loops, because every step of an optimizer makes a loop for each parameter.
    for (let j = 0; j < constants.length; j++) expectInput(i, inputs[i++], constants[j]);
    for (let j = 0; j < carries.length; j++) expectInput(i, inputs[i++], carries[j]);
    for (const { shape, dtype } of sequences) {
      expectInput(i, inputs[i++], { shape: [length, ...shape], dtype });
    }
    return scalar;
  },
  dtype: () => "float32",
};

/** One output of a loop. The outputs are the carries after the last iteration, then each result, stacked over all iterations. */
export const scanOutput: Signature<{ readonly index: number }, "loop"> = {
  name: "scanOutput",
  kind: "loop",
  arity: 1,

  shape([bundle], { index }) {
    const { body, length } = loopOf(bundle);
    const { shape } = outputOf(body, index);
    return index < body.next.length ? shape : [length, ...shape];
  },
  dtype: ([bundle], { index }) => outputOf(loopOf(bundle).body, index).dtype,
};

/** The formulas. A loop has no samples: its body defines what it computes. */
export const scanDescriptions = {
  scan: {
    formula: "for every iteration: (carries, results) = body(constants, carries, slices of the sequences)",
    samples: () => [],
  },
  scanOutput: {
    formula:
      "output `index` of a loop: a carry after the last iteration, or a result of all iterations, stacked",
    samples: () => [],
  },
};

function outputOf({ next, results }: BodyTypes, index: number): TensorType {
  const output = index < next.length ? next[index] : results[index - next.length];
  if ((output as TensorType | undefined) !== undefined) return output;
  const count = next.length + results.length;
  throw new ShapeError("scanOutput", `got the index ${index}; the loop has ${count} outputs`);
}

/** An input that may be the node of a loop. */
interface MaybeLoop {
  readonly operation?: { readonly primitive: string; readonly attributes: object } | null;
}

function loopOf(bundle: TensorType): ScanAttributes {
  // A TensorType does not describe a loop's outputs, but createNode passes the nodes themselves to `shape` and `dtype`.
  const { operation } = bundle as MaybeLoop;
  if (operation?.primitive === "scan") return operation.attributes as ScanAttributes;
  throw new ShapeError("scanOutput", `got ${operation?.primitive ?? "a tensor"}; expected a scan`);
}
