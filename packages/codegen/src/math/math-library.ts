import type { ValueType } from "../assembler/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../assembler/function-builder.js";
import type { ModuleBuilder, ParameterLocals, Signature } from "../assembler/module-builder.js";
import { atan } from "./arctangent.js";
import { erf } from "./error-function.js";
import { exp, expm1, sigmoid, tanh } from "./exponential.js";
import type { SharedFunctions } from "./huge-angles.js";
import { Lanes, type FloatType, type Vector } from "./lanes.js";
import { log, log1p } from "./logarithm.js";
import { pow } from "./power.js";
import { cos, sin } from "./sine.js";

type UnaryName = "exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "atan" | "tanh" | "sigmoid" | "erf";

/** The functions that WebAssembly has no instruction for. */
export type MathName = UnaryName | "pow";

const unaries: Readonly<
  Record<UnaryName, (lanes: Lanes, x: Local<"v128">, shared: SharedFunctions) => Vector>
> = { exp, expm1, log, log1p, sin, cos, atan, tanh, sigmoid, erf };

/**
 * Transcendental functions of vectors, four float32 or two float64 at a time, within 4 units of the last place in float32 and 10⁻¹⁴
 * in float64. docs/decisions/0007-vector-math.md explains each of them.
 */
export class MathLibrary {
  readonly #module: ModuleBuilder;
  readonly #relaxed: boolean;
  readonly #functions = new Map<string, FunctionReference>();

  /** `relaxed`: use multiply-add that the machine may fuse; faster, and the last place depends on the machine. */
  constructor(module: ModuleBuilder, { relaxed }: { readonly relaxed: boolean }) {
    this.#module = module;
    this.#relaxed = relaxed;
  }

  /** Writes the function into a body. The fastest in a loop, since its constants then stay in registers. */
  inline(body: FunctionBuilder, name: MathName, dtype: FloatType, ...inputs: readonly Vector[]): Vector {
    const lanes = new Lanes(body, dtype, this.#relaxed);
    const [x, ...others] = inputs.map((input) => body.keep(input));
    return name === "pow" ? pow(lanes, x, others[0]) : unaries[name](lanes, x, this.#shared);
  }

  readonly #shared: SharedFunctions = {
    get: <const P extends readonly ValueType[], R extends ValueType>(
      name: string,
      signature: Signature<P, R>,
      write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
    ) => {
      const known = this.#functions.get(name);
      if (known !== undefined) return known as FunctionReference<R>;
      const added = this.#module.function(signature, write);
      this.#functions.set(name, added);
      return added;
    },
  };
}
