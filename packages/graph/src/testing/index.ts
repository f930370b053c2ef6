// For tests whose cases take long: the short suite tests a sample of them, and the long suite all. The test file imports the function that it
// needs; beside it, a file `*.long.test.ts` imports the test file, so that both suites have the same cases.

/** Set in vitest.config.ts. */
const isLongSuite = process.env["STARGRAD_SUITE"] === "long";

/**
 * Every n-th case, beginning with the first, and the first case of each kind, if there are kinds; in the long suite, all cases. Choose an n
 * that has no factor in common with the cases' pattern.
 */
export function sampled<T>(cases: readonly T[], n: number, kindOf?: (each: T) => unknown): T[] {
  if (isLongSuite) return [...cases];
  const met = new Set<unknown>();
  return cases.filter((each, i) => {
    const before = met.size;
    if (kindOf !== undefined) met.add(kindOf(each));
    return met.size > before || i % n === 0;
  });
}

/** The size of a test in the short suite and in the long suite: of random cases, of elements, of repetitions. */
export function sized({ short, long }: { readonly short: number; readonly long: number }): number {
  return isLongSuite ? long : short;
}
