import { Node } from "@stargrad/graph";
import { Tensor } from "@stargrad/tensor";
import { findSourcesBy } from "@stargrad/tensor/internal";

/** How a gradient passes a node that does not follow the rule of its primitive. */
export interface CustomRule {
  /** What it is called in errors. */
  readonly name: string;
  /** The nodes that receive a gradient. */
  readonly inputs: readonly Node[];
  /** Like a row of the table: from `g` = dL/dy to dL/dx for each input x. */
  readonly rule: (g: Tensor, inputs: readonly Tensor[], y: Tensor) => readonly (Tensor | null)[];
}

const customRules = new WeakMap<Node, CustomRule>();

/** A new node with the given value, through which gradients pass by a rule of its own. */
export function withCustomRule(value: Node, rule: CustomRule): Tensor {
  const node = identity(
    value,
    rule.inputs.some(({ tracked }) => tracked),
  );
  customRules.set(node, rule);
  return new Tensor(node);
}

/** The rule a node follows instead of its primitive's, if it does. */
export function customRuleOf(node: Node): CustomRule | undefined {
  return customRules.get(node);
}

/** A new node with the value of another: tracked if it is told so, whatever the other is. */
export function identity(value: Node, tracked: boolean): Node {
  const { shape } = value;
  return new Node(value, {
    operation: { primitive: "reshape", inputs: [value], attributes: { shape } },
    tracked,
  });
}

// A loop takes in what gradients of its body go to.
findSourcesBy((node) => customRuleOf(node)?.inputs ?? []);
