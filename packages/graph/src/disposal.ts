// Declared here because the language level of this code has no `using`; whoever writes it has the same declarations.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

const { dispose } = Symbol as { readonly dispose?: typeof Symbol.dispose };

/**
 * The name of what `using` calls at the end of its block. Where it is not there yet, in some browsers, it is the symbol that
 * compilers of `using` take in its place.
 */
export const disposeSymbol: typeof Symbol.dispose =
  dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
