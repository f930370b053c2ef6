import { canHold, numbers } from "../dtype.js";
import { DTypeError, ShapeError } from "../errors.js";
import type { NoAttributes, Primitive, Sample } from "../primitive.js";
import { draw, reals } from "../samples.js";
import { checkShape, contiguousStrides, formatShape, sameShape, sizeOf, type Shape } from "../shape.js";
import {
  contiguousView,
  gatherView,
  repeatedView,
  scatterAddView,
  scatterView,
  type View,
} from "../strided.js";

/** A movement whose output is a strided view of its input. */
export interface ViewMovement<Attributes extends object> extends Primitive<Attributes, "movement"> {
  /** The output as a view of a contiguous input. */
  view(input: Shape, attributes: Attributes): View;
  /** Whether the output contains every element of the input, so that storing both is redundant. */
  readonly showsAll: boolean;
}

interface MovementRow<Attributes extends object> {
  shape(input: Shape, attributes: Attributes): Shape;
  view(input: Shape, attributes: Attributes): View;
  readonly showsAll: boolean;
}

export const reshape = movement<{ readonly shape: Shape }>("reshape", {
  shape(input, { shape }) {
    checkShape("reshape", shape);
    if (sizeOf(shape) !== sizeOf(input)) {
      throw new ShapeError(
        "reshape",
        `${formatShape(input)} has ${sizeOf(input)} elements; ${formatShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return shape;
  },
  view: (_input, { shape }) => contiguousView(shape),
  showsAll: true,
});

export const permute = movement<{ readonly axes: readonly number[] }>("permute", {
  shape(input, { axes }) {
    if (axes.length !== input.length || !input.every((_, axis) => axes.includes(axis))) {
      throw new ShapeError(
        "permute",
        `got the axes ${formatShape(axes)} for the shape ${formatShape(input)}; expected each axis once`,
      );
    }
    return axes.map((axis) => input[axis]);
  },
  view(input, { axes }) {
    const strides = contiguousStrides(input);
    return { offset: 0, strides: axes.map((axis) => strides[axis]) };
  },
  showsAll: true,
});

export const expand = movement<{ readonly shape: Shape }>("expand", {
  shape(input, { shape }) {
    checkShape("expand", shape);
    if (
      shape.length !== input.length ||
      input.some((length, axis) => length !== 1 && length !== shape[axis])
    ) {
      throw new ShapeError(
        "expand",
        `${formatShape(input)} cannot become ${formatShape(shape)}; only axes of length 1 can change`,
      );
    }
    return shape;
  },
  view: (input, { shape }) => repeatedView(input, shape),
  showsAll: true,
});

/** Per axis: the first index, the number of elements, and the step between them (at least 1). */
export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
  readonly steps: readonly number[];
}

export const slice = movement<SliceAttributes>("slice", {
  shape(input, { starts, lengths, steps }) {
    let fits = starts.length === input.length;
    for (let axis = 0; fits && axis < input.length; axis++) {
      const [start, length, step] = [starts[axis], lengths[axis], steps[axis]];
      const whole = Number.isInteger(start) && Number.isInteger(length) && Number.isInteger(step);
      const inside = start >= 0 && (length === 0 || start + (length - 1) * step < input[axis]);
      fits = whole && inside && length >= 0 && step >= 1;
    }
    if (!fits) {
      throw new ShapeError(
        "slice",
        `starts ${formatShape(starts)}, lengths ${formatShape(lengths)} and steps ${formatShape(steps)} are outside the shape ${formatShape(input)}`,
      );
    }
    return lengths;
  },
  view(input, { starts, steps }) {
    const strides = contiguousStrides(input);
    return {
      offset: starts.reduce((offset, start, axis) => offset + start * strides[axis], 0),
      strides: strides.map((stride, axis) => stride * steps[axis]),
    };
  },
  showsAll: false,
});

export const flip = movement<{ readonly axes: readonly number[] }>("flip", {
  shape(input, { axes }) {
    const known = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < input.length);
    if (!known || new Set(axes).size !== axes.length) {
      throw new ShapeError("flip", `got the axes ${formatShape(axes)} for the shape ${formatShape(input)}`);
    }
    return input;
  },
  view(input, { axes }) {
    const strides = contiguousStrides(input);
    return {
      offset: axes.reduce((offset, axis) => offset + (input[axis] - 1) * strides[axis], 0),
      strides: strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
    };
  },
  showsAll: true,
});

export const detach = movement<NoAttributes>("detach", {
  shape: (input) => input,
  view: contiguousView,
  showsAll: true,
});

/** `size`, `stride` and `dilation` for each of the last axes, one entry per axis. */
export interface WindowAttributes {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

export const unfold = movement<WindowAttributes>("unfold", {
  shape(input, { size, stride, dilation }) {
    const rank = size.length;
    const spatial = input.slice(input.length - rank);
    const positions = spatial.map(
      (length, axis) => Math.floor((length - dilation[axis] * (size[axis] - 1) - 1) / stride[axis]) + 1,
    );
    const valid = [...size, ...stride, ...dilation].every((value) => Number.isInteger(value) && value >= 1);
    const complete = stride.length === rank && dilation.length === rank && input.length >= rank;
    if (!valid || !complete || positions.some((count) => count < 1)) {
      throw new ShapeError(
        "unfold",
        `windows of ${formatShape(size)} (stride ${formatShape(stride)}, dilation ${formatShape(dilation)}) do not fit in ${formatShape(input)}`,
      );
    }
    return [...input.slice(0, input.length - rank), ...positions, ...size];
  },
  view(input, { size, stride, dilation }) {
    const strides = contiguousStrides(input);
    const spatial = strides.slice(input.length - size.length);
    return {
      offset: 0,
      strides: [
        ...strides.slice(0, input.length - size.length),
        ...spatial.map((step, axis) => step * stride[axis]),
        ...spatial.map((step, axis) => step * dilation[axis]),
      ],
    };
  },
  showsAll: false,
});

/** The transpose of `unfold`: adds each element of each window at the position that `unfold` read it from. */
export const fold: Primitive<WindowAttributes & { readonly shape: Shape }, "accumulation"> = {
  name: "fold",
  kind: "accumulation",
  arity: 1,

  shape([x], attributes) {
    const expected = unfold.shape([{ ...x, shape: attributes.shape }], attributes);
    if (!sameShape(expected, x.shape)) {
      throw new ShapeError(
        "fold",
        `got ${formatShape(x.shape)}; windows of ${formatShape(attributes.shape)} have the shape ${formatShape(expected)}`,
      );
    }
    return attributes.shape;
  },
  dtype([x]) {
    if (numbers.includes(x.dtype)) return x.dtype;
    throw new DTypeError("fold", `got ${x.dtype}; expected ${numbers.join(", ")}`);
  },
  reference([x], attributes, output) {
    scatterAddView(x.data, unfold.view(attributes.shape, attributes), x.shape, output.data);
  },
};

/** Per axis: the number of elements to insert before, after, and between neighbours; and their value. */
export interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly between: readonly number[];
  readonly value: number;
}

export const pad: Primitive<PadAttributes, "movement"> = {
  name: "pad",
  kind: "movement",
  arity: 1,

  shape([x], { before, after, between }) {
    const counts = [...before, ...after, ...between];
    if (before.length !== x.shape.length || counts.some((count) => !Number.isInteger(count) || count < 0)) {
      throw new ShapeError(
        "pad",
        `got ${formatShape(before)} before, ${formatShape(after)} after and ${formatShape(between)} between for the shape ${formatShape(x.shape)}; expected a count of at least 0 for each axis`,
      );
    }
    return x.shape.map(
      (length, axis) => before[axis] + after[axis] + length + Math.max(length - 1, 0) * between[axis],
    );
  },
  dtype([x], { value }) {
    if (canHold(x.dtype, value)) return x.dtype;
    throw new DTypeError(
      "pad",
      `got the value ${value}, which ${x.dtype} cannot hold`,
      'Cast with x.cast("float32")',
    );
  },
  reference([x], { before, between, value }, output) {
    const strides = contiguousStrides(output.shape);
    const view = {
      offset: before.reduce((offset, count, axis) => offset + count * strides[axis], 0),
      strides: strides.map((stride, axis) => stride * (between[axis] + 1)),
    };
    output.data.fill(value);
    scatterView(x.data, view, x.shape, output.data);
  },
};

/** Joins tensors end to end along one axis. */
export const concat: Primitive<{ readonly axis: number }, "movement"> = {
  name: "concat",
  kind: "movement",
  arity: "any",

  shape(inputs, { axis }) {
    const [first] = inputs;
    const fits = inputs.every(
      ({ shape }) =>
        shape.length === first.shape.length &&
        shape.every((length, i) => i === axis || length === first.shape[i]),
    );
    if (!fits || !(axis >= 0 && axis < first.shape.length)) {
      const got = inputs.map(({ shape }) => formatShape(shape)).join(", ");
      throw new ShapeError("concat", `got ${got} along axis ${axis}; expected shapes that differ only there`);
    }
    return first.shape.map((length, i) =>
      i === axis ? inputs.reduce((total, { shape }) => total + shape[axis], 0) : length,
    );
  },
  dtype(inputs) {
    const [{ dtype }] = inputs;
    if (inputs.every((input) => input.dtype === dtype)) return dtype;
    throw new DTypeError(
      "concat",
      `got ${inputs.map((input) => input.dtype).join(", ")}; expected one element type`,
    );
  },
  reference(inputs, { axis }, output) {
    const outer = sizeOf(output.shape.slice(0, axis));
    const inner = sizeOf(output.shape.slice(axis + 1));
    let position = 0;
    for (let block = 0; block < outer; block++) {
      for (const { data, shape } of inputs) {
        const length = shape[axis] * inner;
        output.data.set(data.subarray(block * length, (block + 1) * length), position);
        position += length;
      }
    }
  },
};

/** The formulas and the samples. */
export const movementDescriptions = {
  reshape: {
    formula: "the same elements in row-major order, in another shape",
    samples: () =>
      samplesOfShapes<{ readonly shape: Shape }>(
        [[2, 3], { shape: [3, 2] }],
        [[4, 1], { shape: [2, 1, 2] }],
        [[], { shape: [1, 1] }],
        [[0, 2], { shape: [4, 0] }],
      ),
  },
  permute: {
    formula: "axis i of y is axis axes[i] of x",
    samples: () =>
      samplesOfShapes<{ readonly axes: readonly number[] }>(
        [[2, 3], { axes: [1, 0] }],
        [[2, 3, 4], { axes: [2, 0, 1] }],
        [[3, 1, 2], { axes: [0, 2, 1] }],
        [[], { axes: [] }],
        [[0, 2], { axes: [1, 0] }],
      ),
  },
  expand: {
    formula: "axes of length 1 repeated to the given length",
    samples: () =>
      samplesOfShapes<{ readonly shape: Shape }>(
        [[1, 3], { shape: [4, 3] }],
        [[2, 1, 1], { shape: [2, 3, 2] }],
        [[1], { shape: [0] }],
        [[2], { shape: [2] }],
      ),
  },
  slice: {
    formula: "every step-th element from start, on each axis",
    samples: () =>
      samplesOfShapes<SliceAttributes>(
        [[5], { starts: [1], lengths: [2], steps: [3] }],
        [[4, 3], { starts: [1, 0], lengths: [2, 2], steps: [1, 2] }],
        [[3, 1], { starts: [0, 0], lengths: [2, 1], steps: [2, 1] }],
        [[3], { starts: [1], lengths: [0], steps: [1] }],
      ),
  },
  flip: {
    formula: "the elements in reverse order along some axes",
    samples: () =>
      samplesOfShapes<{ readonly axes: readonly number[] }>(
        [[5], { axes: [0] }],
        [[2, 3], { axes: [0, 1] }],
        [[3, 1, 2], { axes: [2] }],
        [[0, 2], { axes: [0] }],
      ),
  },
  detach: {
    formula: "x, through which no gradient flows",
    samples: () => samplesOfShapes<NoAttributes>([[2, 3], {}]),
  },
  unfold: {
    formula:
      "[…, L] → […, P, size]: P windows on each of the last axes, stride apart, their elements dilation apart",
    samples: () =>
      samplesOfShapes<WindowAttributes>(
        [[5], { size: [2], stride: [1], dilation: [1] }],
        [[2, 6], { size: [3], stride: [2], dilation: [1] }],
        [[1, 5, 4], { size: [2, 2], stride: [1, 2], dilation: [2, 1] }],
      ),
  },
  fold: {
    formula: "[…, P, size] → […, L]: adds each element of a window to the element it was copied from",
    samples: () => [
      {
        inputs: [draw([4, 2], reals(-2, 2))],
        attributes: { shape: [5], size: [2], stride: [1], dilation: [1] },
      },
      {
        inputs: [draw([2, 2, 3], reals(-2, 2))],
        attributes: { shape: [2, 6], size: [3], stride: [2], dilation: [1] },
      },
      {
        inputs: [draw([1, 3, 2, 2, 2], reals(-2, 2))],
        attributes: { shape: [1, 5, 4], size: [2, 2], stride: [1, 2], dilation: [2, 1] },
      },
    ],
  },
  pad: {
    formula: "x with a value put before, after and between its elements, on each axis",
    samples: () => [
      { inputs: [draw([3], reals(-2, 2))], attributes: { before: [1], after: [2], between: [0], value: 0 } },
      {
        inputs: [draw([2, 3], reals(-2, 2))],
        attributes: { before: [0, 1], after: [1, 0], between: [2, 1], value: -1.5 },
      },
      {
        inputs: [draw([2, 1], reals(-2, 2))],
        attributes: { before: [0, 2], after: [0, 1], between: [0, 3], value: 0 },
      },
      { inputs: [draw([0], reals(-2, 2))], attributes: { before: [1], after: [1], between: [0], value: 2 } },
    ],
  },
  concat: {
    formula: "the inputs one after another along an axis",
    samples: () => [
      { inputs: [draw([2], reals(-2, 2)), draw([3], reals(-2, 2), 1)], attributes: { axis: 0 } },
      {
        inputs: [draw([2, 1], reals(-2, 2)), draw([2, 3], reals(-2, 2), 1), draw([2, 0], reals(-2, 2), 2)],
        attributes: { axis: 1 },
      },
      { inputs: [draw([1, 2, 2], reals(-2, 2))], attributes: { axis: 2 } },
    ],
  },
};

/** One sample of each shape, with its attributes. */
function samplesOfShapes<Attributes extends object>(
  ...samples: readonly (readonly [Shape, Attributes])[]
): Sample<Attributes>[] {
  return samples.map(([shape, attributes]) => ({ inputs: [draw(shape, reals(-2, 2))], attributes }));
}

function movement<Attributes extends object>(
  name: string,
  row: MovementRow<Attributes>,
): ViewMovement<Attributes> {
  return {
    name,
    kind: "movement",
    arity: 1,
    shape: ([x], attributes) => row.shape(x.shape, attributes),
    dtype: ([x]) => x.dtype,
    view: (input, attributes) => row.view(input, attributes),
    showsAll: row.showsAll,
    reference([x], attributes, output) {
      gatherView(x.data, row.view(x.shape, attributes), output.shape, output.data);
    },
  };
}
