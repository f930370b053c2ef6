import type { ValueType } from "./expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "./function-builder.js";

/** The types of a function's parameters and of its result; `null` for no result. */
export interface Signature<P extends readonly ValueType[], R extends ValueType | null> {
  readonly parameters: P;
  readonly result: R;
}

/** A local for each parameter. */
export type ParameterLocals<P extends readonly ValueType[]> = {
  [I in keyof P]: P[I] extends ValueType ? Local<P[I]> : never;
};

/** Collects the functions of a module, which can call each other and share one memory. */
export interface ModuleBuilder {
  /** Adds a function. If it has a name, it is exported. */
  function<const P extends readonly ValueType[], R extends ValueType | null>(
    signature: Signature<P, R>,
    write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
    name?: string,
  ): FunctionReference<R>;
}
