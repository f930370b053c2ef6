import type { Timing } from "./measure.js";
import type { Workload } from "./workload.js";

/** How fast somebody was, as a share of the limit, or why not. */
export type Row = {
  readonly workload: Workload;
  readonly engine: string;
  /** Whose engine it is; the limit is nobody's. */
  readonly party?: string;
} & ({ readonly timing: Timing; readonly share: number } | { readonly failure: string });
