import { handleRejections } from "@stargrad/tensor/internal";

/** Returns a function that takes the batches from `start` to `end` in their order. The `ahead` batches after it are made, too, before a batch is taken. */
export function lookAhead<Made>(
  [start, end]: readonly [number, number],
  ahead: number,
  make: (batch: number) => Made,
): () => Made {
  const begun: Made[] = [];
  let [taken, next] = [start, start];
  return () => {
    for (; next < end && next <= taken + ahead; next++) {
      const made = make(next);
      // Its error is thrown when it is taken; or never, if the loop is left before.
      if (ahead > 0) handleRejections(made);
      begun.push(made);
    }
    taken++;
    return begun.shift() as Made;
  };
}
