import { DTypeError, ShapeError } from "../errors.js";
import type { Signature, TensorType } from "../primitive.js";
import { formatShape, sameShape } from "../shape.js";

/** The types of a loop body's inputs and outputs, which are all that a signature needs. */
export interface BodyTypes {
  readonly constants: readonly TensorType[];
  readonly carries: readonly TensorType[];
  readonly sequences: readonly TensorType[];
  readonly next: readonly TensorType[];
  readonly results: readonly TensorType[];
}

/** What a loop (`scan`) does, and how often. */
export interface ScanAttributes<Body extends BodyTypes = BodyTypes> {
  /** What every iteration computes. */
  readonly body: Body;
  /** The number of iterations. */
  readonly length: number;
  /** Whether iteration i reads slice `length − 1 − i` of the sequences and writes that slice of the results. */
  readonly reverse: boolean;
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
    const formals = [...body.constants, ...body.carries, ...body.sequences];
    if (inputs.length !== formals.length) {
      throw new ShapeError("scan", `got ${inputs.length} inputs; its body takes ${formals.length}`);
    }
    const firstSequence = body.constants.length + body.carries.length;
    inputs.forEach(({ shape, dtype }, i) => {
      const formal = formals[i];
      const expected = i < firstSequence ? formal.shape : [length, ...formal.shape];
      if (!sameShape(shape, expected)) {
        throw new ShapeError(
          "scan",
          `input ${i} has the shape ${formatShape(shape)}; expected ${formatShape(expected)}`,
        );
      }
      if (dtype !== formal.dtype) {
        throw new DTypeError("scan", `input ${i} is ${dtype}; expected ${formal.dtype}`);
      }
    });
    return [];
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
  const outputs = [...next, ...results];
  if (index >= 0 && index < outputs.length) return outputs[index];
  throw new ShapeError("scanOutput", `got the index ${index}; the loop has ${outputs.length} outputs`);
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
