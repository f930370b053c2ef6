import { brand } from "./brand.js";
import { StargradError } from "./errors.js";
import { version } from "./version.js";

// A program may contain several copies of Stargrad: npm installs a package twice, or a bundler includes it twice. Copies of one
// version work together. Each has its own classes and functions, but they share state and recognize each other's objects. Objects
// of another version are refused. See decision 31.

const place = Symbol.for(`stargrad ${version}`);
const states = ((globalThis as Record<symbol, unknown>)[place] ??= new Map()) as Map<string, unknown>;

/** State that exists once in a program, however many copies of this version it contains. `make` makes it for the first copy. */
export function shared<State>(name: string, make: () => State): State {
  if (!states.has(name)) states.set(name, make());
  return states.get(name) as State;
}

/**
 * Makes `instanceof` of a class true for objects of the class of this name in other copies of this version. To be called in a
 * static block of the class. For an object of another version, `instanceof` throws a StargradError that names both versions.
 */
export function recognizeCopies(kind: abstract new (...values: never[]) => object, name: string): void {
  brand(kind, name, (other) => {
    throw new StargradError(
      name,
      `got an object of Stargrad ${String(other)} where all others are of Stargrad ${version}; one program contains both`,
      "Give all packages the same version: `npm ls @stargrad/graph` shows who needs which, and `npm dedupe` may suffice",
    );
  });
}
