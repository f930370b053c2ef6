import type { Stage } from "../star/stages.js";

/** The stages of a try, in the order of the stage bar, with the paths of their signs in a square of 24 units. */
export const stages = [
  {
    id: "goal",
    name: "Goal",
    sign: "M12 3l2.7 6.1 6.6.7-4.9 4.5 1.4 6.500L12 17.500l-5.8 3.3 1.4-6.500L2.7 9.800l6.6-.7z",
  },
  { id: "attempt", name: "Attempt", sign: "M4 20l1.2-5L16 4.2 19.8 8 9 18.800zM13.5 6.700l3.8 3.8" },
  {
    id: "mistake",
    name: "Mistake",
    sign: "M4 20L15 9M9 8.500h6.500V15M19 3.500a1.5 1.5 0 1 1 0 3 1.5 1.5 0 1 1 0-3",
  },
  { id: "blame", name: "Blame", sign: "M19.5 6l-6 6 6 6M11.5 6l-6 6 6 6" },
  { id: "adjust", name: "Adjust", sign: "M12 5a7 7 0 1 1 0 14 7 7 0 1 1 0-14M12 12l3.5-4.5" },
  { id: "again", name: "Again", sign: "M19 12a7 7 0 1 1-2.3-5.200M19 3v4.500h-4.5" },
] as const satisfies readonly { id: string; name: Stage["name"]; sign: string }[];

export type StageId = (typeof stages)[number]["id"];

export const stageIds = stages.map(({ id }) => id);

export function stageAt(id: StageId): (typeof stages)[number] {
  return stages[stageIds.indexOf(id)];
}
