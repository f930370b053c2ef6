import { partsOf, type LoopExpression } from "@stargrad/compiler";
import { primitives } from "@stargrad/graph";

/** How many vectors are computed at a time: several if each takes so little that the loop around them would show. */
export function groupFor(expressions: readonly LoopExpression[]): number {
  let cost = 0;
  for (const part of partsOf(expressions))
    cost += part.kind === "apply" ? primitives[part.primitive].cost : 1;
  if (cost <= 8) return 4;
  return cost <= 20 ? 2 : 1;
}
