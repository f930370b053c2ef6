import type { ValueType } from "./expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "./function-builder.js";

/** What a function takes and what it returns; `null` for nothing. */
export interface Signature<P extends readonly ValueType[], R extends ValueType | null> {
  readonly parameters: P;
  readonly result: R;
}

/** A local for each parameter. */
export type ParameterLocals<P extends readonly ValueType[]> = {
  [I in keyof P]: P[I] extends ValueType ? Local<P[I]> : never;
};

/** Collects functions that call each other and work in one memory. */
export interface ModuleBuilder {
  /** Adds a function. With a name it can be called from outside. */
  function<const P extends readonly ValueType[], R extends ValueType | null>(
    signature: Signature<P, R>,
    write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
    name?: string,
  ): FunctionReference<R>;
}
