import type { Workload } from "./workload.js";

/** Something that computes workloads: an engine of ours, or a peer. */
export interface Contestant {
  readonly name: string;
  /** Whose engine it is: the fastest of each party is compared with the other parties' fastest, whatever its threads. */
  readonly party: string;
  /** How many threads it has: it is held to the limit of as many. Default: 1 */
  readonly threads?: number;
  /** Whether a workload is meant for it. Default: all are. */
  readonly takes?: (workload: Workload) => boolean;
  /** Throws if it cannot compute this; the message is its row in the table. */
  prepare(workload: Workload): Promise<Prepared>;
  /** Ends what does not end by itself. */
  close?(): void;
}

/** A workload whose inputs are where the contestant wants them. */
export interface Prepared {
  /** Computes so many times, one after another and to the end, and returns the milliseconds it took. */
  run(calls: number): Promise<number>;
  /** Resolves when it leaves the machine to others. Default: at once */
  settle?(): Promise<void>;
  /** What the last call computed. */
  result(): Promise<ArrayLike<number>>;
  /** Frees what nobody else does. */
  dispose?(): void;
}

interface InProcess<Result> {
  /** Returns when the result is computed, not merely asked for. */
  readonly compute: () => Result | Promise<Result>;
  readonly read: (result: Result) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Frees a result, where nobody else does. */
  readonly release?: (result: Result) => void;
  /** Frees the inputs, where nobody else does. */
  readonly dispose?: () => void;
}

/** Times what runs in this process. */
export function inProcess<Result>({ compute, read, release, dispose }: InProcess<Result>): Prepared {
  let last: { readonly value: Result } | null = null;
  const forget = (): void => {
    if (last !== null) release?.(last.value);
    last = null;
  };
  return {
    async run(calls) {
      const start = performance.now();
      for (let call = 0; call < calls; call++) {
        forget();
        last = { value: await compute() };
      }
      return performance.now() - start;
    },
    async result() {
      if (last === null) throw new Error("result() before run()");
      return read(last.value);
    },
    dispose() {
      forget();
      dispose?.();
    },
  };
}
