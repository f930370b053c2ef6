import { ArgumentError, type Shape } from "@stargrad/tensor";
import { sumOf } from "./path-integral.js";

/** What a weight, or several together, did to the mistake. */
export interface Credit {
  /** −g · Δw: what back-propagation predicted it would gain. */
  readonly promise: number;
  /** −∫ g dw: what it did gain. Negative if it made the mistake worse. */
  readonly paid: number;
}

/** One weight's account. */
export interface WeightCredit extends Credit {
  readonly parameter: string;
  readonly index: readonly number[];
  /** The derivative of the loss by this weight: turning it up by a little makes the loss grow by blame times that. */
  readonly blame: number;
  /** Δw: how far the step turned it. */
  readonly change: number;
}

/** The account of one parameter, element by element. */
export interface ParameterCredit {
  readonly name: string;
  readonly shape: Shape;
  /** Which elements follow, row-major and in rising order: all of them, unless only a sample was asked for. */
  readonly positions: Int32Array;
  readonly blame: Float64Array;
  readonly change: Float64Array;
  readonly promise: Float64Array;
  readonly paid: Float64Array;
  /** What all the other elements did together. */
  readonly rest: Credit;
}

/** What one update did, and which weight did how much of it. */
export class StepExplanation implements Credit {
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** How many gradients it took to find out, the step's own included. */
  readonly gradients: number;
  /** The accounts of all parameters, by name. */
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

  /** How much smaller the mistake got; negative if it grew. */
  get gain(): number {
    return this.lossBefore - this.lossAfter;
  }

  /** What all weights together promised. */
  get promise(): number {
    return this.#total(({ promise, rest }) => sumOf([promise]) + rest.promise);
  }

  /** What all weights together paid. */
  get paid(): number {
    return this.#total(({ paid, rest }) => sumOf([paid]) + rest.paid);
  }

  /** The gain less all that was paid: what the quadrature missed. */
  get unexplained(): number {
    return this.gain - this.paid;
  }

  /** Σ |paid|: all that was moved, in either direction. Elements without an account of their own count as one. */
  get moved(): number {
    return this.#total(({ paid, rest }) => sumOf([paid.map(Math.abs)]) + Math.abs(rest.paid));
  }

  /** How much stayed unexplained, as a share of all that was moved. */
  get unexplainedShare(): number {
    return this.unexplained === 0 ? 0 : Math.abs(this.unexplained) / this.moved;
  }

  /** How many of the weights with an account of their own made the mistake smaller. */
  get helped(): number {
    const helpedIn = ({ paid }: ParameterCredit): number => paid.filter((share) => share > 0).length;
    return this.#total(helpedIn);
  }

  /** The account of one weight. Throws an ArgumentError if there is no such parameter or element. */
  weight(parameter: string, index: readonly number[]): WeightCredit {
    const credit = this.#parameter(parameter);
    const element = credit.positions.indexOf(positionOf("weight", index, credit.shape));
    if (element >= 0) return weightAt(credit, element);
    throw new ArgumentError("weight", `element [${index.join(", ")}] of ${parameter} is not in the sample`);
  }

  /** The weights with the largest account, by `|paid|` unless told otherwise. */
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

  /** Sums by unit of one layer: weights and biases of a layer share their first axis, one entry per output unit. */
  byUnit(layer: string): Credit[] {
    const members = [...this.parameters.values()].filter(({ name }) => layerOf(name) === layer);
    const units = members[0]?.shape[0];
    if (members.length === 0 || members.some(({ shape }) => shape[0] !== units)) {
      const layers = [...this.byLayer().keys()].join(", ");
      throw new ArgumentError(
        "byUnit",
        `"${layer}" is no layer whose parameters share their first axis; layers: ${layers}`,
      );
    }
    if (members.some(({ paid, shape }) => paid.length !== sizeOf(shape))) {
      throw new ArgumentError(
        "byUnit",
        "only a sample of the weights has an account",
        "Explain the step without sample",
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

/** Where an element stands, row-major. Throws an ArgumentError if there is no such element. */
export function positionOf(called: string, index: readonly number[], shape: Shape): number {
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

/** `0` for the parameter `0.weight`, and nothing for one that belongs to no layer. */
function layerOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), 0));
}

function sizeOf(shape: Shape): number {
  return shape.reduce((size, length) => size * length, 1);
}

function weightAt(credit: ParameterCredit, element: number): WeightCredit {
  const index: number[] = [];
  let rest = credit.positions[element];
  for (const length of [...credit.shape].reverse()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return {
    parameter: credit.name,
    index,
    blame: credit.blame[element],
    change: credit.change[element],
    promise: credit.promise[element],
    paid: credit.paid[element],
  };
}
