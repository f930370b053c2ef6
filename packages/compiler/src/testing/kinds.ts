import type { Kernel, Program } from "../kernel.js";
import { leavesOf } from "../kernel.js";

/** Describes a program: the kinds of its kernels, and the features that some of them use. */
export function kindsOf({ kernels, findings }: Pick<Program, "kernels" | "findings">): string[] {
  const kinds = kernels.flatMap((kernel) => [kernel.kind, ...specialOf(kernel)]);
  return findings.length > 0 ? [...kinds, "findings"] : kinds;
}

function specialOf(kernel: Kernel): string[] {
  switch (kernel.kind) {
    case "rows":
      return kernel.locals.length > 0 ? ["rows with local buffers"] : [];
    case "product": {
      const leaves = leavesOf(kernel.epilogue.map(({ expression }) => expression));
      return [
        ...(leaves.length > 0 ? ["product with an epilogue"] : []),
        ...(leaves.some(({ kind }) => kind === "index") ? ["product with positions"] : []),
        ...(kernel.b.isPacked === true ? ["product with panels"] : []),
      ];
    }
    case "scan":
      return kindsOf({ kernels: kernel.kernels, findings: [] }).map((kind) => `scan of ${kind}`);
    default:
      return [];
  }
}
