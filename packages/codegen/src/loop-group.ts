import { subexpressionsOf, type LoopExpression } from "@stargrad/compiler";
import { primitives } from "@stargrad/graph";

/** The number of vectors computed per iteration: several if each is so cheap that the overhead of the loop would be noticeable. */
export function groupFor(expressions: readonly LoopExpression[]): number {
  let cost = 0;
  for (const part of subexpressionsOf(expressions))
    cost += part.kind === "apply" ? primitives[part.primitive].cost : 1;
  if (cost <= 8) return 4;
  return cost <= 20 ? 2 : 1;
}
