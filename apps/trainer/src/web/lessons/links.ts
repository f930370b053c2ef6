import { catLink } from "./cat-or-dog/link.js";
import { dashboardLink } from "./dashboard/link.js";
import { playgroundLink } from "./playground/link.js";
import { starLink } from "./star/link.js";
import { textLink } from "./text/link.js";

/** What the link of each lesson says. */
export const links = {
  star: starLink,
  "cat-or-dog": catLink,
  playground: playgroundLink,
  dashboard: dashboardLink,
  text: textLink,
} as const;

export type LessonId = keyof typeof links;

export const lessonIds = Object.keys(links) as LessonId[];
