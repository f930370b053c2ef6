import type { Workload } from "./workload.js";

/** A participant of the bench that computes workloads: one of Stargrad's engines, or a peer. */
export interface Contestant {
  readonly name: string;
  /** The library it belongs to. The fastest contestant of each party is compared with the other parties' fastest. */
  readonly party: string;
  /** How many threads it has. Its limit is measured with as many. Default: 1 */
  readonly threads?: number;
  /** Whether it takes part in a workload. Default: in all. */
  readonly takes?: (workload: Workload) => boolean;
  /** Throws if it cannot compute the workload; the message becomes its row in the table. */
  prepare(workload: Workload): Promise<Prepared>;
  /** Ends processes and releases resources. */
  close?(): void;
}

/** A workload whose inputs are in the contestant's memory. */
export interface Prepared {
  /** Computes the given number of times, one after another and to the end, and returns the milliseconds. */
  run(calls: number): Promise<number>;
  /** Resolves when it no longer uses the machine. Default: at once */
  settle?(): Promise<void>;
  /** The result of the last call. */
  result(): Promise<ArrayLike<number>>;
  /** Frees memory that is not freed automatically. */
  dispose?(): void;
}

interface InProcess<Result> {
  /** Returns when the result is computed, not only scheduled. */
  readonly compute: () => Result | Promise<Result>;
  readonly read: (result: Result) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Frees a result, if it is not freed automatically. */
  readonly release?: (result: Result) => void;
  /** Frees the inputs, if they are not freed automatically. */
  readonly dispose?: () => void;
}

/** Times a contestant that runs in this process. */
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
