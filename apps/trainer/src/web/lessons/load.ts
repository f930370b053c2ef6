import type { LessonId } from "./links.js";

/** Loads the component of a lesson. */
export const load = {
  star: () => import("./star/Star.svelte"),
  "cat-or-dog": () => import("./cat-or-dog/CatOrDog.svelte"),
  playground: () => import("./playground/Playground.svelte"),
  dashboard: () => import("./dashboard/Dashboard.svelte"),
  text: () => import("./text/Text.svelte"),
} as const satisfies Record<LessonId, () => Promise<unknown>>;
