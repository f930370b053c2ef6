import * as z from "zod/mini";

import type { PenSettings, Point } from "../star/pen/training.js";
import type { Level } from "../star/pen/words.js";
import { stageIds, type StageId } from "./stages.js";

// What a link says: the lesson, its settings, and the try and stage to look at. Nothing from a link is ever run.

export const lessonIds = ["star", "cat-or-dog", "playground", "dashboard", "text"] as const;
export type LessonId = (typeof lessonIds)[number];

export interface Place {
  readonly lesson: LessonId | null;
  readonly settings: PenSettings;
  readonly try: number;
  readonly stage: StageId;
  readonly level: Level;
}

export const usual = { seed: 1, learningRate: 0.2, momentum: 0.9 } as const;

/** A longer link is refused before it is read. */
const longest = 2000;

const number = (low: number, high: number, what: string) =>
  z.pipe(
    z.string(what).check(z.regex(/^-?\d{1,12}(\.\d{1,12})?$/, what)),
    z.pipe(z.transform(Number), z.number().check(z.gte(low, what), z.lte(high, what))),
  );
const whole = (low: number, high: number) =>
  z.pipe(
    z.string().check(z.regex(/^\d{1,10}$/, `a whole number from ${low} to ${high}`)),
    z.pipe(
      z.transform(Number),
      z
        .number()
        .check(
          z.gte(low, `a whole number from ${low} to ${high}`),
          z.lte(high, `a whole number from ${low} to ${high}`),
        ),
    ),
  );
const oneOf = <const Names extends readonly string[]>(names: Names) =>
  z.enum(names, `one of ${names.join(", ")}`);
const corners = "20 numbers from −2 to 2 with commas between them, for ten corners";

const link = z.strictObject({
  lesson: z.optional(oneOf(lessonIds)),
  seed: z.optional(whole(0, 4294967295)),
  rate: z.optional(number(0.0001, 100, "a learning rate from 0.0001 to 100")),
  momentum: z.optional(number(0, 0.999, "a momentum from 0 to 0.999")),
  goal: z.optional(
    z.pipe(
      z.string().check(z.regex(/^-?\d(\.\d{1,3})?(,-?\d(\.\d{1,3})?){19}$/, corners)),
      z.pipe(
        z.transform((text: string) => text.split(",").map(Number)),
        z.array(z.number().check(z.gte(-2, corners), z.lte(2, corners))),
      ),
    ),
  ),
  try: z.optional(whole(1, 100000)),
  stage: z.optional(oneOf(stageIds)),
  words: z.optional(oneOf(["kid", "student", "maths"])),
});

/** Reads a link. What is wrong with it comes back as sentences. */
export function readAddress(query: string): { place: Place } | { refused: string[] } {
  if (query.length > longest) {
    return { refused: [`This link has ${query.length} characters; at most ${longest} are read.`] };
  }
  const given = [...new URLSearchParams(query)];
  const twice = given.map(([name]) => name).filter((name, i, names) => names.indexOf(name) !== i);
  if (twice.length > 0) return { refused: [`This link says “${shortened(twice[0])}” twice.`] };
  const read = link.safeParse(Object.fromEntries(given));
  if (!read.success) {
    return { refused: read.error.issues.slice(0, 5).flatMap((issue) => refusal(issue, new Map(given))) };
  }
  const { lesson = null, seed, rate, momentum, goal, stage = "goal", words = "kid", ...rest } = read.data;
  const settings = {
    seed: seed ?? usual.seed,
    learningRate: rate ?? usual.learningRate,
    momentum: momentum ?? usual.momentum,
    ...(goal && { goal: pairs(goal) }),
  };
  return { place: { lesson, settings, try: rest.try ?? 1, stage, level: words } };
}

function refusal(issue: z.core.$ZodIssue, given: ReadonlyMap<string, string>): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .slice(0, 5)
      .map((key) => `This link has “${shortened(key)}”, which this page does not know.`);
  }
  const name = String(issue.path[0]);
  return [`In this link, “${name}” is “${shortened(given.get(name) ?? "")}”; expected ${issue.message}.`];
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function pairs(flat: readonly number[]): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

/** The link to a place. What is as usual is left out. */
export function addressOf({ lesson, settings, try: number, stage, level }: Place): string {
  const query = new URLSearchParams();
  const say = (name: string, value: string | number, usually: string | number): void => {
    if (value !== usually) query.set(name, String(value));
  };
  if (lesson !== null) query.set("lesson", lesson);
  say("seed", settings.seed, usual.seed);
  say("rate", settings.learningRate, usual.learningRate);
  say("momentum", settings.momentum, usual.momentum);
  if (settings.goal !== undefined) {
    query.set(
      "goal",
      settings.goal
        .flat()
        .map((value) => Number(value.toFixed(3)))
        .join(","),
    );
  }
  say("try", number, 1);
  say("stage", stage, "goal");
  say("words", level, "kid");
  return `?${query.toString().replaceAll("%2C", ",")}`;
}
