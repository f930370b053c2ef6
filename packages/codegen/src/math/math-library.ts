import type { ValueType } from "../assembler/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../assembler/function-builder.js";
import type { ModuleBuilder, ParameterLocals, Signature } from "../assembler/module-builder.js";
import { Lanes, type FloatType, type SharedFunctions, type Vector } from "./lanes.js";

/** Writes a function of one vector, or of two. */
export type MathFunction = (lanes: Lanes, x: Local<"v128">, y: Local<"v128">) => Vector;

/**
 * Writes transcendental functions of vectors, four float32 or two float64 at a time, within 4 units of the last place in float32 and
 * 10⁻¹⁴ in float64. docs/decisions/0007-vector-math.md explains each of them.
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

  /** Writes a function into a body. The fastest in a loop, since its constants then stay in registers. */
  inline(body: FunctionBuilder, dtype: FloatType, write: MathFunction, inputs: readonly Vector[]): Vector {
    const lanes = new Lanes(body, dtype, { relaxed: this.#relaxed, shared: this.#shared });
    const [x, y] = inputs.map((input) => body.keep(input));
    return write(lanes, x, y);
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
