import { ArgumentError } from "@stargrad/graph";
import type { Target } from "./target.js";

const checked = new WeakSet<Target>();

/**
 * Checks a target, once: with numbers below their minima, the compiler exceeds the target's
 * limits or fails without a reason.
 *
 * Throws: ArgumentError that names the field, what it got and what it expected
 */
export function checkTarget(target: Target): void {
  if (checked.has(target)) return;
  const { name: engine, dtypes, checks } = target;
  const expect = (holds: boolean, field: string, got: unknown, expected: string): void => {
    if (holds) return;
    throw new ArgumentError("Target", `got ${field} ${String(got)} for ${engine}; expected ${expected}`);
  };
  const { operands, parts } = checks.least;
  const minima: Readonly<Record<string, number>> = {
    "memory.alignmentBytes": 1,
    "kernel.buffers": 4,
    "kernel.operands": operands,
    "kernel.parts": parts,
  };
  const expectNumbers = (group: object, path: string): void => {
    for (const [name, value] of Object.entries(group) as [string, unknown][]) {
      const field = path + name;
      if (typeof value === "object" && value !== null) expectNumbers(value, `${field}.`);
      if (typeof value !== "number") continue;
      const least = minima[field] ?? 0;
      const isLimit = !/^memory|^kernel.parts/.test(field);
      const isLegal = value === Infinity ? isLimit : value % 1 === 0 || path === "costs.";
      const expected = `an integer${isLimit ? " or Infinity" : ""}, at least ${least}`;
      expect(isLegal && value >= least, field, value, expected);
    }
  };
  expectNumbers(target, "");
  expect(!dtypes.includes("int32") || dtypes.includes("bool"), "dtypes", dtypes, "bool along with int32");
  checked.add(target);
}
