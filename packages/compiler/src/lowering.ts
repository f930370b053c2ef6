import type { Node } from "@stargrad/graph";
import type { Findings } from "./check-lowering.js";
import type { BufferSpec, Kernel, Operand } from "./kernel.js";
import type { Target } from "./target.js";

/** What is the same wherever in a program, or in the body of a loop, a node is lowered. */
export interface LoweringContext {
  readonly target: Target;
  readonly findings: Findings;
  readonly isBody: boolean;
}

/** What a primitive needs to become kernels. */
export interface Lowering {
  readonly context: () => LoweringContext;
  /** The kernels so far, to which more are added. */
  readonly kernels: Kernel[];
  /** What has been checked, and what may be used instead of it: see `CheckLowering`. */
  readonly checked: Map<string, Operand | null>;
  /** Where the elements of a node stand, seen through its movements; they are computed now if they were not yet. */
  readonly read: (node: Node) => Operand;
  /** The same in a buffer of its own, row-major. */
  readonly copied: (node: Node) => Operand;
  /** A new buffer for the elements of a node. */
  readonly allocate: (node: Node) => number;
  readonly addBuffer: (spec: BufferSpec) => number;
}
