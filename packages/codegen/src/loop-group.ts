import { partsOf, type LoopExpression } from "@stargrad/compiler";

/** How many vectors are computed at a time: several if each takes so little that the loop around them would show. */
export function groupFor(expressions: readonly LoopExpression[]): number {
  let cost = 0;
  for (const part of partsOf(expressions))
    cost += part.kind === "apply" ? (costs.get(part.primitive) ?? 1) : 1;
  if (cost <= 8) return 4;
  return cost <= 20 ? 2 : 1;
}

/** About how many instructions a primitive takes, where that is not one. */
const costs: ReadonlyMap<string, number> = new Map([
  ["maximum", 6],
  ["minimum", 6],
  ...(["exp", "expm1", "log", "log1p", "sin", "cos", "atan", "tanh", "sigmoid", "erf", "pow"] as const).map(
    (name) => [name, 25] as const,
  ),
]);
