/** The type of a result that is computed from a batch: a promise if the batch is one. */
export type Later<Batch, Result> = Batch extends PromiseLike<unknown> ? Promise<Awaited<Result>> : Result;

/** Continues with a batch: at once, or when its promise is fulfilled. */
export function whenReady<Batch, Result>(
  batch: Batch,
  next: (ready: Awaited<Batch>) => Result,
): Later<Batch, Result> {
  const result = isPromise(batch)
    ? batch.then(next as (ready: unknown) => Result)
    : next(batch as Awaited<Batch>);
  return result as Later<Batch, Result>;
}

/** Continues with several batches: at once, or when all their promises are fulfilled. */
export function whenAll<Batch, Result>(
  batches: readonly Batch[],
  next: (ready: readonly Awaited<Batch>[]) => Result,
): Later<Batch, Result> {
  const all = batches.some(isPromise) ? Promise.all(batches) : batches;
  return whenReady(all, next as (ready: unknown) => Result) as Later<Batch, Result>;
}

/** Whether it is a promise, also of another realm. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
