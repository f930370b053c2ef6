import { schedules, type Schedule } from "@stargrad/optim";

import type { Settings } from "./settings.js";

/**
 * The schedule of the learning rate. It rises during the first tenth of the run, at most 100 steps, because Adam's
 * estimates are poor in the first steps; then it falls along half a cosine to a tenth.
 */
export function scheduleOf({ steps }: Pick<Settings, "steps">): Schedule {
  const rise = Math.max(1, Math.min(100, Math.floor(steps / 10)));
  const fall = schedules.cosine({ steps: Math.max(1, steps - rise), minimum: 0.1 });
  return schedules.sequential([schedules.warmUp({ steps: rise, start: 1 / rise }), fall], [rise]);
}
