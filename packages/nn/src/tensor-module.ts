import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { isBranded, toTensor, writeValue } from "@stargrad/tensor/internal";
import { Module } from "./module.js";

const isTensor = /* @__PURE__ */ isBranded("Tensor");
const isVariable = /* @__PURE__ */ isBranded("Variable");

/** The fields of layers that hold variables. */
const variableFields = ["weight", "bias", "runningMean", "runningVar"];

/**
 * The base class of the layers of this package. The required arguments of `forward` are tensors: arrays become tensors, and anything
 * else is refused (see `reportForwardOf`). A `forward` that a user's subclass defines may take anything.
 */
export abstract class TensorModule extends Module {
  override *parts(): ReturnType<Module["parts"]> {
    this.#expectVariables();
    yield* super.parts();
  }

  /** Replaces the first `count` inputs of `forward` by tensors. */
  readInputs(inputs: unknown[], count: number): void {
    this.#expectVariables();
    for (let i = 0; i < count; i++) if (!isTensor(inputs[i])) inputs[i] = this.readInput(inputs[i]);
  }

  /** The tensor that an input stands for. Throws: ArgumentError if it stands for none */
  protected readInput(given: unknown): Tensor {
    return toTensor(this.describe(), given);
  }

  /** Throws if a constant has replaced a variable. A tensor that depends on parameters may replace one. */
  #expectVariables(): void {
    for (const name of variableFields) {
      // Subclasses declare these fields, this class does not.
      const value = (this as unknown as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || value === null || isVariable(value) || value instanceof Module) continue;
      if (isTracked(value)) continue;
      throw new ArgumentError(
        this.describe(),
        `got ${writeValue(value)} as its ${name}; expected a variable, because nothing else is trained and saved`,
        `To replace the value, call layer.${name}.assign(x)`,
      );
    }
  }
}

function isTracked(value: unknown): boolean {
  return isTensor(value) && (value as Tensor).node.tracked;
}
