import { clipGradNorm, clipGradValue, type ClosureOptimizer, type Optimizer } from "@stargrad/optim";
import { isRecord, type Kind } from "@stargrad/tensor/internal";

/** The largest norm of all gradients together, as a number or as `norm`; or the largest magnitude of each element, as `value`. */
export type Clip = number | { readonly norm: number } | { readonly value: number };

/** Clips the gradients of the parameters of an optimizer. */
export function clipperOf({ groups }: Optimizer | ClosureOptimizer, clip: Clip | undefined): () => void {
  const parameters = groups.flatMap((group) => group.parameters);
  const { norm, value } = (typeof clip === "object" ? clip : { norm: clip }) as {
    readonly norm?: number;
    readonly value?: number;
  };
  return () => {
    if (norm !== undefined) clipGradNorm(parameters, norm);
    if (value !== undefined) clipGradValue(parameters, value);
  };
}

export const clipKind: Kind = [
  "a norm such as 1, { norm: 1 } or { value: 0.5 }",
  (clip) => {
    if (!isRecord(clip)) return isBound(clip);
    const [[kind, bound], ...others] = [...Object.entries<unknown>(clip), []];
    return (kind === "norm" || kind === "value") && isBound(bound) && others.length === 1;
  },
];

function isBound(bound: unknown): boolean {
  return typeof bound === "number" && bound >= 0;
}
