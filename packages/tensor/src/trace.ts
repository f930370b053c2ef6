import { type Node } from "@stargrad/graph";
import { observeNodes, withoutHistory } from "@stargrad/graph/internal";
import { loopBeingTraced } from "./loop-draws.js";

/**
 * Runs f to see which operations it calls: `seen` is told of every node, and how often it is computed if it is in a loop.
 * Nothing is computed but what f itself reads, however deep the graph grows.
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
