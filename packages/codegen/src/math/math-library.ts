import type { ValueType } from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../machine/function-builder.js";
import type { Machine } from "../machine/machine.js";
import type { ModuleBuilder, ParameterLocals, Signature } from "../machine/module-builder.js";
import { Lanes, type FloatType, type SharedFunctions, type Vector } from "./lanes.js";

/** Writes a function of one or two vectors. */
export type MathFunction = (lanes: Lanes, x: Local<"v128">, y: Local<"v128">) => Vector;

type MathMachine = Pick<Machine, "relaxed" | "vectorBytes">;

/**
 * Writes transcendental functions of vectors, within 4 units of the last place in float32 and 10⁻¹⁴
 * in float64. docs/decisions/0007-vector-math.md explains each of them.
 */
export class MathLibrary {
  readonly #module: ModuleBuilder;
  readonly #machine: MathMachine;
  readonly #shared: SharedFunctions;
  readonly #functions = new Map<string, FunctionReference>();

  constructor(module: ModuleBuilder, machine: MathMachine) {
    this.#module = module;
    this.#machine = machine;
    this.#shared = { machine, get: this.#get };
  }

  /** Writes a function inline into a body. This is the fastest form in a loop, because the constants stay in registers. */
  inline(body: FunctionBuilder, dtype: FloatType, write: MathFunction, inputs: readonly Vector[]): Vector {
    const lanes = new Lanes(body, dtype, { relaxed: this.#machine.relaxed, shared: this.#shared });
    const [x, y] = inputs.map((input) => body.keep(input));
    return write(lanes, x, y);
  }

  readonly #get: SharedFunctions["get"] = <const P extends readonly ValueType[], R extends ValueType>(
    name: string,
    signature: Signature<P, R>,
    write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
  ) => {
    const known = this.#functions.get(name);
    if (known !== undefined) return known as FunctionReference<R>;
    const added = this.#module.function(signature, write);
    this.#functions.set(name, added);
    return added;
  };
}
