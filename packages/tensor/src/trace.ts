import { observeNodes, type Node } from "@stargrad/graph";

let traces = 0;

/** Whether a graph is being looked at rather than meant to be computed. */
export function isTracing(): boolean {
  return traces > 0;
}

/**
 * Runs f to see which operations it calls: `seen` is told of every node. Nothing is computed but what f itself reads,
 * however deep the graph grows.
 */
export function trace<T>(f: () => T, seen: (node: Node) => void): T {
  const observer = observeNodes((node) => {
    observer?.(node);
    seen(node);
  });
  traces++;
  try {
    return f();
  } finally {
    traces--;
    observeNodes(observer);
  }
}
