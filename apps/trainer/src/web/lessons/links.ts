import { linkOf } from "../link.js";
import { catLink } from "./cat-or-dog/link.js";
import { starLink } from "./star/link.js";

/** A lesson whose links say nothing but the lesson. */
const plain = linkOf({ fields: {}, read: () => ({}), write: () => ({}) });

/** What the link of each lesson says. */
export const links = {
  star: starLink,
  "cat-or-dog": catLink,
  playground: plain,
  dashboard: plain,
  text: plain,
} as const;

export type LessonId = keyof typeof links;

export const lessonIds = Object.keys(links) as LessonId[];
