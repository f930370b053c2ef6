/** Three levels of words for the same numbers. */
export const levels = ["kid", "student", "maths"] as const;
export type Level = (typeof levels)[number];
