import type { ModuleBuilder } from "../machine/module-builder.js";
import { emitPacked } from "./packed.js";
import type { Matmul } from "./run.js";
import { emitSkinny, planSkinny } from "./skinny.js";
import type { MatmulSpec } from "./spec.js";

/** Writes C[i, j] = epilogue(Σ_p A[i, p] · B[p, j]) for operands anywhere in memory. If it has a name, it is exported. */
export function emitMatmul(module: ModuleBuilder, spec: MatmulSpec, name?: string): Matmul {
  const skinny = planSkinny(spec);
  return skinny === null ? emitPacked(module, spec, name) : emitSkinny(module, spec, skinny, name);
}

export type { Matmul } from "./run.js";
