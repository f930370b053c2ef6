import type { Timing } from "./measure.js";
import type { Workload } from "./workload.js";

/** The time of a contestant and its share of the limit, or the reason why it was not timed. */
export type Row = {
  readonly workload: Workload;
  readonly engine: string;
  /** The library it belongs to; undefined for the limit. */
  readonly party?: string;
} & ({ readonly timing: Timing; readonly share: number } | { readonly failure: string });
