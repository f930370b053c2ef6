import { parse } from "es-module-lexer";
import { transform } from "sucrase";

/** TypeScript without its types. Lines stay where they are. */
export function withoutTypes(code: string): string {
  return transform(code, { transforms: ["typescript"], disableESTransforms: true }).code;
}

/**
 * A module whose imports lead to the addresses of what they name. The lexer of modules must be ready (`init` of es-module-lexer).
 *
 * `addresses`: of each name that may be imported. Throws for any other name.
 */
export function withAddresses(code: string, addresses: ReadonlyMap<string, string>): string {
  const [imports] = parse(code);
  let [result, end] = ["", 0];
  for (const { type, specifier: name, start, end: to } of imports) {
    if (typeof name !== "string") continue; // `import.meta`, or a name that the program computes
    const address = addresses.get(name);
    if (address === undefined) {
      throw new Error(
        `import "${name}": a program on a page can import ${[...addresses.keys()].map((each) => `"${each}"`).join(", ")}. ` +
          "Other packages, and files, need Node: copy the program there",
      );
    }
    result += code.slice(end, start) + (type === "dynamic" ? JSON.stringify(address) : address);
    end = to;
  }
  return result + code.slice(end);
}

/** A module that exports what an object has, which is kept under a name of `globalThis`. */
export function reexport(key: string, names: readonly string[]): string {
  const lines = names.map((name, i) => `const _${i} = all.${name}; export { _${i} as ${name} };`);
  return [`const all = globalThis[${JSON.stringify(key)}];`, ...lines].join("\n");
}
