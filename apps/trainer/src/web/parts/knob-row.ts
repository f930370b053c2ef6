/** A row of a list of knobs or corners. */
export interface KnobRow {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  /** Bars, as parts of the longest one; negative ones go to the left of the zero line. */
  readonly bars: readonly { readonly part: number; readonly kind: BarKind }[];
  /** Whether the zero line is at the left: all values are positive. */
  readonly isFromLeft: boolean;
  /** A direction, drawn as a hand. */
  readonly angle?: number;
  readonly number: string;
  readonly tone?: "blamed" | "helped" | "hurt";
}

export type BarKind =
  "blame" | "mistake" | "plus" | "minus" | "goal" | "promise" | "helped" | "hurt" | "slope";
