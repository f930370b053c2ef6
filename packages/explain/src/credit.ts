import { ArgumentError, type Shape } from "@stargrad/tensor";
import { sizeOf, unravelIndex } from "@stargrad/tensor/internal";
import { sumOf } from "./path-integral.js";

/** How much a weight, or several together, decreased the loss. */
export interface Credit {
  /** The predicted decrease, −g · Δw. */
  readonly promise: number;
  /** The actual decrease, −∫ g dw. Negative if the step of this weight increased the loss. */
  readonly paid: number;
}

/** The credit of one weight. */
export interface WeightCredit extends Credit {
  readonly parameter: string;
  readonly index: readonly number[];
  /** The gradient ∂L/∂w: if the weight grows by a small h, the loss grows by blame · h. */
  readonly blame: number;
  /** Δw: by how much the step changed the weight. */
  readonly change: number;
}

/** The credit of one parameter, element by element. */
export interface ParameterCredit {
  readonly name: string;
  readonly shape: Shape;
  /** The flat row-major indices of the elements below, ascending: all elements, or the sample if one was requested. */
  readonly positions: Int32Array;
  /** The gradients. */
  readonly blame: Float64Array;
  /** The changes Δw. */
  readonly change: Float64Array;
  /** The predicted decreases. */
  readonly promise: Float64Array;
  /** The actual decreases. */
  readonly paid: Float64Array;
  /** The sum over all other elements. */
  readonly rest: Credit;
}

/** The effect of one update on the loss, and the part of each weight in it. */
export class StepExplanation implements Credit {
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** How many gradients were computed, including the gradient of the step itself. */
  readonly gradients: number;
  /** The credits of all parameters, by name. */
  readonly parameters: ReadonlyMap<string, ParameterCredit>;

  constructor(
    credits: readonly ParameterCredit[],
    measured: { readonly lossBefore: number; readonly lossAfter: number; readonly gradients: number },
  ) {
    this.parameters = new Map(credits.map((credit) => [credit.name, credit]));
    this.lossBefore = measured.lossBefore;
    this.lossAfter = measured.lossAfter;
    this.gradients = measured.gradients;
  }

  /** The decrease of the loss; negative if the loss grew. */
  get gain(): number {
    return this.lossBefore - this.lossAfter;
  }

  /** The predicted decrease, summed over all weights. */
  get promise(): number {
    return this.#total(({ promise, rest }) => sumOf([promise]) + rest.promise);
  }

  /** The actual decrease, summed over all weights. */
  get paid(): number {
    return this.#total(({ paid, rest }) => sumOf([paid]) + rest.paid);
  }

  /** gain − paid: the error of the quadrature. */
  get unexplained(): number {
    return this.gain - this.paid;
  }

  /** Σ |paid|: all changes of the loss, regardless of sign. Elements outside the sample count as one element. */
  get moved(): number {
    return this.#total(({ paid, rest }) => sumOf([paid.map(Math.abs)]) + Math.abs(rest.paid));
  }

  /** |unexplained| as a fraction of {@link moved}. */
  get unexplainedShare(): number {
    return this.unexplained === 0 ? 0 : Math.abs(this.unexplained) / this.moved;
  }

  /** How many of the weights (of the sample, if there is one) decreased the loss. */
  get helped(): number {
    const helpedIn = ({ paid }: ParameterCredit): number => paid.filter((share) => share > 0).length;
    return this.#total(helpedIn);
  }

  /** The credit of one weight. Throws an ArgumentError if the parameter or the element does not exist. */
  weight(parameter: string, index: readonly number[]): WeightCredit {
    const credit = this.#parameter(parameter);
    const element = credit.positions.indexOf(flatIndexOf("weight", index, credit.shape));
    if (element >= 0) return weightAt(credit, element);
    throw new ArgumentError("weight", `element [${index.join(", ")}] of ${parameter} is not in the sample`);
  }

  /** The `count` weights with the largest absolute values, by default of `paid`. */
  largest(count: number, by: "blame" | "promise" | "paid" = "paid"): WeightCredit[] {
    const ranked = [...this.parameters.values()].flatMap((credit) =>
      Array.from(credit[by], (value, element) => ({ credit, element, size: Math.abs(value) })),
    );
    ranked.sort((a, b) => b.size - a.size);
    return ranked.slice(0, count).map(({ credit, element }) => weightAt(credit, element));
  }

  /** Sums by parameter. */
  byParameter(): Map<string, Credit> {
    return groupBy(this.parameters.values(), ({ name }) => name);
  }

  /** Sums by layer: the part of each parameter's name before the last dot. */
  byLayer(): Map<string, Credit> {
    return groupBy([...this.parameters.values()], ({ name }) =>
      name.slice(0, Math.max(name.lastIndexOf("."), 0)),
    );
  }

  /** Sums by output unit of one layer. The first axis of its weights and biases must count the units. */
  byUnit(layer: string): Credit[] {
    const members = [...this.parameters.values()].filter(({ name }) => layerOf(name) === layer);
    const units = members[0]?.shape[0];
    if (members.length === 0 || members.some(({ shape }) => shape[0] !== units)) {
      const layers = [...this.byLayer().keys()].join(", ");
      throw new ArgumentError(
        "byUnit",
        `"${layer}" is not a layer whose parameters have the same first axis; layers: ${layers}`,
      );
    }
    if (members.some(({ paid, shape }) => paid.length !== sizeOf(shape))) {
      throw new ArgumentError(
        "byUnit",
        "only a sample of the weights was explained",
        "Explain the step without the option sample",
      );
    }
    const part = (values: Float64Array, unit: number): Float64Array => {
      const width = values.length / units;
      return values.subarray(unit * width, (unit + 1) * width);
    };
    return Array.from({ length: units }, (_, unit) => ({
      promise: sumOf(members.map(({ promise }) => part(promise, unit))),
      paid: sumOf(members.map(({ paid }) => part(paid, unit))),
    }));
  }

  #total(part: (credit: ParameterCredit) => number): number {
    return [...this.parameters.values()].reduce((total, credit) => total + part(credit), 0);
  }

  #parameter(name: string): ParameterCredit {
    const credit = this.parameters.get(name);
    if (credit !== undefined) return credit;
    const names = [...this.parameters.keys()].join(", ");
    throw new ArgumentError("weight", `there is no parameter "${name}"; there are: ${names}`);
  }
}

/** The flat row-major index of an element. Throws an ArgumentError if the element does not exist. */
export function flatIndexOf(called: string, index: readonly number[], shape: Shape): number {
  const inside =
    index.length === shape.length &&
    index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);
  if (inside) return index.reduce((offset, i, axis) => offset * shape[axis] + i, 0);
  throw new ArgumentError(
    called,
    `got the index [${index.join(", ")}] for a parameter of shape [${shape.join(", ")}]`,
  );
}

function groupBy(
  credits: Iterable<ParameterCredit>,
  key: (credit: ParameterCredit) => string,
): Map<string, Credit> {
  const groups = new Map<string, Credit>();
  for (const credit of credits) {
    const { promise, paid } = groups.get(key(credit)) ?? { promise: 0, paid: 0 };
    groups.set(key(credit), {
      promise: promise + sumOf([credit.promise]) + credit.rest.promise,
      paid: paid + sumOf([credit.paid]) + credit.rest.paid,
    });
  }
  return groups;
}

/** `0` for the parameter `0.weight`, and an empty string for a parameter that belongs to no layer. */
function layerOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), 0));
}

function weightAt(credit: ParameterCredit, element: number): WeightCredit {
  return {
    parameter: credit.name,
    index: unravelIndex(credit.positions[element], credit.shape),
    blame: credit.blame[element],
    change: credit.change[element],
    promise: credit.promise[element],
    paid: credit.paid[element],
  };
}
