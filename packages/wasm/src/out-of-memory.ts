import { ArgumentError } from "@stargrad/graph";
import type { CompiledProgram } from "./compile.js";

/** Throws: there is no room of so many bytes for a program. */
export function outOfMemory({ largest }: Pick<CompiledProgram, "largest">, bytes: number): never {
  const gibibytes = (count: number): string => `${(count / 2 ** 30).toFixed(1)} GiB`;
  throw new ArgumentError(
    "WasmEngine",
    `the program needs ${gibibytes(bytes)} in one piece, and WebAssembly has 4 in all; its largest part is ${largest.name}, ${gibibytes(largest.bytes)}`,
    "Use a smaller batch, or read parts of the result one at a time",
  );
}
