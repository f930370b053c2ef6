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

/** What the checks of a program and of its loops have led to. */
export interface Findings {
  readonly all: Finding[];
  /** Come before everything else: a loop finds something in some iteration, or in none. */
  readonly fills: FillKernel[];
}

/** Where checks become kernels. */
export interface CheckRoom {
  /** The kernels so far, to which more are added. */
  readonly kernels: Kernel[];
  readonly addBuffer: (spec: BufferSpec) => number;
  readonly findings: Findings;
  /** Whether it is the body of a loop. */
  readonly isBody: boolean;
}

/** A check of an operand. */
export interface Check extends Pick<CheckKernel, "primitive" | "attributes" | "faulty"> {
  readonly node: Node;
  readonly operand: Operand;
}

/** How a target's programs deal with numbers that must not be there: `abortingChecks` or `reportingChecks`. */
export interface CheckLowering {
  /** Adds the kernels that look. Returns what may be used as an index instead of the operand; `null` for the operand itself. */
  readonly look: (check: Check, room: CheckRoom) => Operand | null;
  /** What may be used as a divisor or an exponent; `null` for the number itself. */
  readonly usableNumber: ((number: LoopExpression, faulty: Faulty, node: Node) => LoopExpression) | null;
}
