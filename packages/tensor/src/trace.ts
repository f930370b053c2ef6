import { observeNodes, withoutHistory, type Node } from "@stargrad/graph";

/**
 * Runs f to see which operations it calls: `seen` is told of every node. Nothing is computed but what f itself reads,
 * however deep the graph grows.
 */
export function trace<T>(f: () => T, seen: (node: Node) => void): T {
  const observer = observeNodes((node) => {
    observer?.(node);
    seen(node);
  });
  try {
    return withoutHistory(f);
  } finally {
    observeNodes(observer);
  }
}
