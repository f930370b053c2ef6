import { Generator } from "@stargrad/tensor";
import { normalInput } from "../inputs.js";
import type { Workload } from "../workload.js";

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export const products: readonly Workload[] = [
  ...[256, 511, 512, 513, 1024].map((size) => product({ m: size, k: size, n: size })),
  product({ m: 512, k: 512, n: 512, transposeA: true }),
  product({ m: 512, k: 512, n: 512, transposeB: true }),
  product({ m: 512, k: 512, n: 512, transposeA: true, transposeB: true }),
  product({ m: 64, k: 128, n: 64, batch: 32 }),
];

function product({ m, k, n, batch, transposeA = false, transposeB = false }: Product): Workload {
  const leading = batch === undefined ? [] : [batch];
  const a = [...leading, ...(transposeA ? [k, m] : [m, k])];
  const b = [...leading, ...(transposeB ? [n, k] : [k, n])];
  const letters = transposeA || transposeB ? ` ${transposeA ? "Aᵀ" : "A"}·${transposeB ? "Bᵀ" : "B"}` : "";
  return {
    name: `matmul ${m}×${k}×${n}${letters}${batch === undefined ? "" : `, batch ${batch}`}`,
    task: { kind: "matmul", transposeA, transposeB },
    limit: { operations: 2 * m * k * n * (batch ?? 1) },
    inputs() {
      const generator = new Generator(1);
      return { a: normalInput(a, generator), b: normalInput(b, generator) };
    },
  };
}
