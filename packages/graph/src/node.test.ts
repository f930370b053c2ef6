import { describe, expect, it } from "vitest";

import { HostStorage } from "./storage.js";
import {
  createLeaf,
  createNode,
  historyBound,
  observeNodes,
  overlong,
  topologicalOrder,
  withoutHistory,
  type Node,
} from "./node.js";
import { pendingNodes, pendingWithCoOutputs } from "./pending.js";

function leaf({ tracked = false } = {}): Node {
  return createLeaf([2], "float64", storage(), { tracked });
}

function storage(): HostStorage {
  return new HostStorage(Float64Array.of(1, 2));
}

const exp = (x: Node) => createNode("exp", [x], {});
const add = (a: Node, b: Node) => createNode("add", [a, b], {});
const everywhere = () => true;

/** `depth` nested additions of a node to itself. */
function tower(bottom: Node, depth: number): Node {
  let top = bottom;
  for (let i = 0; i < depth; i++) top = add(top, top);
  return top;
}

describe("createNode", () => {
  it("infers shape and element type without computing anything", () => {
    const node = createNode("less", [leaf(), leaf()], {});
    expect(node.shape).toEqual([2]);
    expect(node.dtype).toBe("bool");
    expect(node.storage).toBeNull();
    expect(node.operation).toMatchObject({ primitive: "less", attributes: {} });
  });

  it("checks the number of inputs", () => {
    expect(() => createNode("add", [leaf()], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: got 1 inputs; expected 2]`,
    );
    expect(() => createNode("concat", [], { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: concat: got 0 inputs; expected at least 1]`,
    );
  });
});

describe("history", () => {
  it("counts the pending operations that a node depends on", () => {
    const x = leaf();
    expect(x.history).toBe(0);
    const twice = add(exp(exp(x)), x);
    expect(twice.history).toBe(3);
    expect(twice.recountHistory()).toBe(3);
  });

  it("counts an operation exactly once for all paths to it, if the history seems too long", () => {
    const paths = tower(leaf(), 20);
    expect(overlong([paths, leaf()])).toEqual([]);
    expect(paths.history).toBe(20);
    const long = [tower(leaf(), historyBound), tower(leaf(), historyBound + 1)];
    expect(overlong(long)).toEqual([long[1]]);
    expect(withoutHistory(() => overlong(long))).toEqual([]);
  });

  it("starts at 0 after a node has been computed", () => {
    const y = exp(exp(leaf()));
    y.materialize(storage());
    expect(y.history).toBe(0);
    expect(exp(y).history).toBe(1);
  });

  it("is 0 for a tracked node, and does not count what it depends on", () => {
    const tracked = exp(exp(leaf({ tracked: true })));
    expect(tracked.history).toBe(0);
    expect(createNode("detach", [tracked], {}).history).toBe(1);
  });

  it("does not count nodes that are built withoutHistory", () => {
    const y = exp(exp(leaf()));
    const built = withoutHistory(() => exp(exp(exp(y))));
    expect(built.history).toBe(2);
    expect(exp(built).history).toBe(3);
    expect(withoutHistory(() => exp(leaf())).history).toBe(0);
    expect(() =>
      withoutHistory(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(exp(leaf()).history).toBe(1);
  });
});

describe("materialize", () => {
  it("turns a node into a leaf and drops its history", () => {
    const y = exp(leaf());
    const elements = storage();
    y.materialize(elements);
    expect(y.storage).toBe(elements);
    expect(y.operation).toBeNull();
  });

  it("keeps the operation of a tracked node, through which gradients flow", () => {
    const y = exp(leaf({ tracked: true }));
    y.materialize(storage());
    expect(y.operation?.primitive).toBe("exp");
  });
});

describe("tracked", () => {
  it("propagates from any input to the output", () => {
    expect(exp(leaf()).tracked).toBe(false);
    expect(add(leaf(), leaf({ tracked: true })).tracked).toBe(true);
    expect(exp(exp(leaf({ tracked: true }))).tracked).toBe(true);
  });

  it("ends at detach", () => {
    expect(createNode("detach", [leaf({ tracked: true })], {}).tracked).toBe(false);
  });

  it("ends where the result is not a float", () => {
    const x = leaf({ tracked: true });
    expect(createNode("less", [x, x], {}).tracked).toBe(false);
    expect(createNode("argsort", [x], { axis: 0, descending: false }).tracked).toBe(false);
    expect(createNode("cast", [x], { dtype: "int32" }).tracked).toBe(false);
    expect(createNode("cast", [x], { dtype: "float32" }).tracked).toBe(true);
  });
});

describe("topologicalOrder", () => {
  it("lists inputs before outputs, each node once", () => {
    const [a, b] = [leaf(), leaf()];
    const shared = add(a, b);
    const [left, right] = [exp(shared), add(shared, a)];
    const root = add(left, right);
    const order = topologicalOrder([root, shared], everywhere);
    expect(order).toHaveLength(6);
    expect(new Set(order)).toEqual(new Set([a, b, shared, left, right, root]));
    for (const node of order) {
      for (const input of node.operation?.inputs ?? []) {
        expect(order.indexOf(input)).toBeLessThan(order.indexOf(node));
      }
    }
  });

  it("takes time proportional to the number of nodes, not of paths", () => {
    expect(topologicalOrder([tower(leaf(), 200)], everywhere)).toHaveLength(201);
  });

  it("handles graphs deeper than the call stack", () => {
    const order = topologicalOrder([tower(leaf(), 100_000)], everywhere);
    expect(order).toHaveLength(100_001);
    expect(order[0].operation).toBeNull();
    expect(order.every((node, i) => i === 0 || node.operation?.inputs[0] === order[i - 1])).toBe(true);
  });

  it("does not enter a node for which enter returns false", () => {
    const [below, above] = [exp(leaf()), leaf()];
    const root = add(below, above);
    expect(topologicalOrder([root], (node) => node !== below)).toEqual([above, root]);
  });
});

describe("pendingNodes", () => {
  it("stops at nodes whose elements are known, even if they keep their operation", () => {
    const settled = exp(leaf({ tracked: true }));
    settled.materialize(storage());
    const pending = exp(settled);
    const root = add(pending, settled);
    expect(pendingNodes([root])).toEqual([pending, root]);
    expect(pendingNodes([settled])).toEqual([]);
  });
});

describe("co-outputs", () => {
  const orderOf = (...nodes: Node[]) => pendingWithCoOutputs(nodes).order;

  function coOutputs(): [Node, Node] {
    const [first, second] = [exp(leaf()), exp(leaf())];
    for (const node of [first, second]) node.addCoOutputs([first, second]);
    return [first, second];
  }

  it("are computed with a node, and with every node that depends on it", () => {
    const [first, second] = coOutputs();
    expect(new Set(orderOf(first))).toEqual(new Set([first, second]));
    const root = exp(exp(second));
    const pending = orderOf(root);
    expect(pending).toContain(first);
    expect(pending.indexOf(second)).toBeLessThan(pending.indexOf(root));
  });

  it("are stored; a node is not stored because it has some", () => {
    const [source, first] = [exp(leaf()), exp(leaf())];
    source.addCoOutputs([first]);
    const [second, third] = coOutputs();
    first.addCoOutputs([second]);
    const computation = pendingWithCoOutputs([exp(source)]);
    expect(computation.coOutputs).toEqual(new Set([first, second, third]));
    expect(computation.order).toHaveLength(5);
    // Computing a co-output does not compute the node.
    expect(orderOf(third)).toHaveLength(2);
  });

  it("do not concern engines, which receive the outputs explicitly", () => {
    const [first] = coOutputs();
    expect(pendingNodes([first])).toEqual([first]);
  });

  it("are dropped once the node has been computed", () => {
    const [first, second] = coOutputs();
    first.materialize(storage());
    expect(first.coOutputs).toEqual([]);
    expect(orderOf(first)).toEqual([]);
    second.materialize(storage());
    expect(orderOf(first, second)).toEqual([]);
  });
});

describe("release", () => {
  it("makes dependents throw an error that names the owner", () => {
    const weight = leaf({ tracked: true });
    const [pending, computed] = [exp(weight), exp(weight)];
    computed.materialize(storage());
    weight.release({ description: "Parameter weight" });
    expect(weight.storage).toBeNull();
    expect(() => pendingNodes([exp(pending)])).toThrowErrorMatchingInlineSnapshot(
      `[StaleValueError: realize: needs the value that Parameter weight [2] had before its last two updates; only its current and its previous value are kept. Read or realize a tensor before the variables it was computed from are updated twice]`,
    );
    expect(pendingNodes([computed])).toEqual([]);
    expect(pendingNodes([exp(computed)])).toHaveLength(1);
  });
});

describe("observeNodes", () => {
  it("reports every node until another observer is set", () => {
    const seen: Node[] = [];
    const previous = observeNodes((node) => seen.push(node));
    const x = leaf();
    const y = exp(x);
    const mine = observeNodes(previous);
    leaf();
    expect(seen).toEqual([x, y]);
    expect(mine).toBeTypeOf("function");
  });
});
