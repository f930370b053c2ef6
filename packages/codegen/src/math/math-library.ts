import type { ValueType } from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder, ParameterLocals, Signature } from "../machine/module-builder.js";
import type { Machine } from "../machine/machine.js";
import { atan } from "./arctangent.js";
import { erf } from "./error-function.js";
import { exp, expm1, sigmoid, tanh } from "./exponential.js";
import type { SharedFunctions } from "./huge-angles.js";
import { Lanes, type FloatType, type Vector } from "./lanes.js";
import { log, log1p } from "./logarithm.js";
import { pow } from "./power.js";
import { cos, sin } from "./sine.js";

type UnaryName = "exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "atan" | "tanh" | "sigmoid" | "erf";

/** The functions that machines have no instruction for. */
export type MathName = UnaryName | "pow";

const unaries: Readonly<
  Record<UnaryName, (lanes: Lanes, x: Local<"v128">, shared: SharedFunctions) => Vector>
> = { exp, expm1, log, log1p, sin, cos, atan, tanh, sigmoid, erf };

type MathMachine = Pick<Machine, "relaxed" | "vectorBytes">;

/**
 * Transcendental functions of vectors, within 4 units of the last place in float32 and 10⁻¹⁴
 * in float64. docs/decisions/0007-vector-math.md explains each of them.
 */
export class MathLibrary {
  readonly #module: ModuleBuilder;
  readonly #machine: MathMachine;
  readonly #functions = new Map<string, FunctionReference>();

  constructor(module: ModuleBuilder, machine: MathMachine) {
    this.#module = module;
    this.#machine = machine;
  }

  /** Writes the function into a body. The fastest in a loop, since its constants then stay in registers. */
  inline(body: FunctionBuilder, name: MathName, dtype: FloatType, ...inputs: readonly Vector[]): Vector {
    const lanes = new Lanes(body, dtype, this.#machine.relaxed);
    const [x, ...others] = inputs.map((input) => body.keep(input));
    return name === "pow" ? pow(lanes, x, others[0]) : unaries[name](lanes, x, this.#shared());
  }

  #shared(): SharedFunctions {
    return { machine: this.#machine, get: this.#get };
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
