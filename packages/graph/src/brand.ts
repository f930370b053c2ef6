import { version } from "./version.js";

const ordinary = Function.prototype[Symbol.hasInstance];

/**
 * Makes `instanceof` of a class true for objects of the class of this name in other copies of this version of Stargrad. To be
 * called in a static block of the class; subclasses that do not call it are not affected. `refuse` is called with the version of an
 * object of another version, for which `instanceof` is otherwise false.
 */
export function brand(
  kind: abstract new (...values: never[]) => object,
  name: string,
  refuse?: (version: unknown) => void,
): void {
  const mark = Symbol.for(`stargrad ${name}`);
  Object.defineProperty(kind.prototype, mark, { value: version });
  Object.defineProperty(kind, Symbol.hasInstance, {
    value(this: unknown, object: unknown): boolean {
      if (ordinary.call(this, object)) return true;
      if (this !== kind || typeof object !== "object" || object === null) return false;
      const found = (object as Readonly<Record<symbol, unknown>>)[mark];
      if (found !== version && found !== undefined) refuse?.(found);
      // An instance inherits the mark; only prototypes have it themselves.
      return found === version && !Object.hasOwn(object, mark);
    },
  });
}

/**
 * A test like `instanceof` of the branded class of this name, for code that every operation runs: it is several times as fast, and
 * false for an object of another version.
 */
export function isBranded(name: string): (value: unknown) => boolean {
  const mark = Symbol.for(`stargrad ${name}`);
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    (value as Readonly<Record<symbol, unknown>>)[mark] === version;
}
