// Declared here because this code compiles for a language level without `using`. Code that uses `using` has the same declarations.
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
 * The name of the method that `using` calls at the end of its block. Some browsers do not define `Symbol.dispose` yet; there it is
 * the symbol that compilers of `using` substitute.
 */
export const disposeSymbol: typeof Symbol.dispose =
  dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
