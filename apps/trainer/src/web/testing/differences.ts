/** How far two correct values of `Math.sin`, `Math.exp` and so on may lie apart, relative to the larger of 1 and the value. */
const tolerance = 1e-12;

/**
 * The paths at which two trees of JSON differ, apart from the last digits of a number.
 *
 * The page's numbers come from Chromium and the expected ones from Node. The library's own results have the same bits in
 * both, but ECMAScript leaves the last bits of `Math.sin`, `Math.log` and their kind to each program, and they do differ.
 */
export function differences(shown: unknown, expected: unknown, path = "it"): string[] {
  if (typeof shown === "number" && typeof expected === "number") {
    const isClose = Math.abs(shown - expected) <= tolerance * Math.max(1, Math.abs(expected));
    return (Number.isFinite(expected) && isClose) || Object.is(shown, expected)
      ? []
      : [`${path}: ${shown} instead of ${expected}`];
  }
  if (!isTree(shown) || !isTree(expected) || Array.isArray(shown) !== Array.isArray(expected)) {
    return shown === expected ? [] : [`${path}: ${String(shown)} instead of ${String(expected)}`];
  }
  const names = new Set([...Object.keys(shown), ...Object.keys(expected)]);
  return [...names].flatMap((name) => differences(shown[name], expected[name], `${path}.${name}`));
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
