import { Node } from "@stargrad/graph";
import { Tensor } from "@stargrad/tensor";
import { findSourcesBy, shared } from "@stargrad/tensor/internal";

/** The gradient rule of a node that does not use the rule of its primitive. */
export interface CustomRule {
  /** Its name in errors. */
  readonly name: string;
  /** The nodes that receive a gradient. */
  readonly inputs: readonly Node[];
  /** As in the table of rules: computes dL/dx for each input x from `g` = dL/dy. */
  readonly rule: (g: Tensor, inputs: readonly Tensor[], y: Tensor) => readonly (Tensor | null)[];
}

const customRules = /* @__PURE__ */ shared("customRules", () => new WeakMap<Node, CustomRule>());

/** A new node with the given value and a custom gradient rule. */
export function withCustomRule(value: Node, rule: CustomRule): Tensor {
  const node = identity(
    value,
    rule.inputs.some(({ tracked }) => tracked),
  );
  customRules.set(node, rule);
  return new Tensor(node);
}

/** The custom gradient rule of a node, if it has one. */
export function customRuleOf(node: Node): CustomRule | undefined {
  return customRules.get(node);
}

/** A new node with the value of another. It is tracked as given, independently of the other. */
export function identity(value: Node, tracked: boolean): Node {
  const { shape } = value;
  return new Node(value, {
    operation: { primitive: "reshape", inputs: [value], attributes: { shape } },
    tracked,
  });
}

// The inputs of custom rules in a loop's body must be part of the loop.
findSourcesBy((node) => customRuleOf(node)?.inputs ?? []);
