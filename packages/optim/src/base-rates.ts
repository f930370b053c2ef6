import type { Tensor } from "@stargrad/tensor";
import { shared, type StateReader } from "@stargrad/tensor/internal";
import { numberIn, writeSetting } from "./state-dict.js";

/** An optimizer of one's own may have no learning rate. */
interface Group {
  readonly learningRate?: unknown;
}

/** The learning rate of a group before scheduling, and the scheduled one. */
const scheduled = /* @__PURE__ */ shared(
  "scheduled",
  () => new WeakMap<Group, readonly [base: unknown, rate: unknown]>(),
);

/** The learning rate that a schedule multiplies: the one before scheduling, unless the group was given another one since. */
export function baseRateOf(group: Group): number {
  const [base, rate] = scheduled.get(group) ?? [];
  return (rate === group.learningRate ? base : group.learningRate) as number;
}

export function setRate(group: { learningRate: number }, base: number, rate: number): void {
  group.learningRate = rate;
  scheduled.set(group, [base, rate]);
}

const key = (path: string): string => `${path}.baseLearningRate`;

/** Adds the base of a scheduled learning rate to a state dict, so that a scheduler that is made after loading finds it. */
export function writeBaseRate(state: Map<string, Tensor>, path: string, group: Group): void {
  const base = baseRateOf(group);
  if (base !== group.learningRate) state.set(key(path), writeSetting(base));
}

/** Reads it. Returns a function that sets it, to be called after the learning rate is loaded. */
export function readBaseRate(
  state: ReadonlyMap<string, Tensor>,
  reader: StateReader,
  path: string,
): (group: Group) => void {
  const written = state.has(key(path)) ? reader.take(key(path), { shape: [], dtype: "float64" }) : undefined;
  return (group) => {
    scheduled.delete(group);
    if (written !== undefined) scheduled.set(group, [numberIn(written), group.learningRate]);
  };
}
