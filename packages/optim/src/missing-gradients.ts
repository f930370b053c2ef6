import type { Parameter } from "@stargrad/autograd";
import { warn } from "@stargrad/tensor/internal";

/** Warns that a step changes nothing, unless all parameters are frozen. Returns whether it warned. */
export function warnUnlessFrozen(called: string, parameters: readonly Parameter[]): boolean {
  if (parameters.every(({ requiresGradient }) => !requiresGradient)) return false;
  warn(
    `${called}: none of the ${parameters.length} parameters has a gradient, so nothing changes. Call \`backward\` with a loss that depends on them before \`step\`, and \`zeroGrad\` after it.`,
  );
  return true;
}
