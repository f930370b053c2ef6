import type { Node } from "@stargrad/graph";
import type { Findings } from "./check-lowering.js";
import type { BufferSpec, Kernel, Operand } from "./kernel.js";
import type { Target } from "./target.js";

/** The context of lowering a program or the body of a loop. */
export interface LoweringContext {
  readonly target: Target;
  readonly findings: Findings;
  readonly isBody: boolean;
}

/** The services that lowering a primitive needs. */
export interface Lowering {
  readonly context: () => LoweringContext;
  /** The kernels so far; lowering appends to it. */
  readonly kernels: Kernel[];
  /** By key of a checked operand: the operand to use instead; see `CheckLowering`. */
  readonly checked: Map<string, Operand | null>;
  /** The elements of a node, through the layout of its movements. Materializes the node if necessary. */
  readonly read: (node: Node) => Operand;
  /** Like `read`, but in a separate, row-major buffer. */
  readonly copied: (node: Node) => Operand;
  /** A new buffer for the elements of a node. */
  readonly allocate: (node: Node) => number;
  readonly addBuffer: (spec: BufferSpec) => number;
}
