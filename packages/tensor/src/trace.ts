import { type Node } from "@stargrad/graph";
import { observeNodes, withoutHistory } from "@stargrad/graph/internal";
import { loopBeingTraced } from "./loop-draws.js";

/**
 * Runs f to observe the operations it calls: `seen` is called with every node that is created, and with the number of times it is
 * computed if it is in a loop. Only values that f itself reads are computed, however deep the graph grows.
 */
export function trace<T>(f: () => T, seen: (node: Node, times: number) => void): T {
  const observer = observeNodes((node) => {
    observer?.(node);
    seen(node, loopBeingTraced()?.iterations ?? 1);
  });
  try {
    return withoutHistory(f);
  } finally {
    observeNodes(observer);
  }
}
