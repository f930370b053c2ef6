import type { Node } from "@stargrad/graph";
import type {
  BufferSpec,
  CheckKernel,
  FillKernel,
  Finding,
  Kernel,
  LoopExpression,
  Operand,
} from "./kernel.js";

export type Faulty = CheckKernel["faulty"];

/** The findings of the checks in a program and in its loops. */
export interface Findings {
  readonly all: Finding[];
  /** Initialize findings in loops; they run before all other kernels, because a loop may find no faulty number in any iteration. */
  readonly fills: FillKernel[];
}

/** The services that lowering a check needs. */
export interface CheckRoom {
  /** The kernels so far; lowering appends to it. */
  readonly kernels: Kernel[];
  readonly addBuffer: (spec: BufferSpec) => number;
  readonly findings: Findings;
  /** Whether the kernels belong to the body of a loop. */
  readonly isBody: boolean;
}

/** A check of an operand. */
export interface Check extends Pick<CheckKernel, "primitive" | "attributes" | "faulty"> {
  readonly node: Node;
  readonly operand: Operand;
}

/** How programs for a target handle faulty numbers: `abortingChecks` or `reportingChecks`. */
export interface CheckLowering {
  /** The smallest `kernel.operands` and `kernel.parts` of a target with which every loop can be computed. */
  readonly least: { readonly operands: number; readonly parts: number };
  /** Adds the kernels of a check. Returns the operand to use as the index; `null` for the checked operand itself. */
  readonly look: (check: Check, room: CheckRoom) => Operand | null;
  /** Replaces faulty divisors and exponents; `null` if the numbers may be used unchanged. */
  readonly usableNumber: ((number: LoopExpression, faulty: Faulty, node: Node) => LoopExpression) | null;
}
