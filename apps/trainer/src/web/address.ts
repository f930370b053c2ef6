import * as z from "zod/mini";

import { levels, type Level } from "../words/levels.js";
import { lessonIds, links, type LessonId } from "./lessons/links.js";
import { oneOf, whole, type Link } from "./link.js";
import { stageIds, type StageId } from "./stages.js";

// What a link says: the lesson, its settings, and the try and stage to look at. Nothing from a link is ever run.

export interface Place<Settings = unknown> {
  /** null: the home page. */
  readonly lesson: LessonId | null;
  readonly settings: Settings;
  readonly try: number;
  readonly stage: StageId;
  readonly level: Level;
}

/** A longer link is refused before it is read. */
const longest = 2000;

const everywhere = {
  lesson: z.optional(oneOf(lessonIds)),
  try: z.optional(whole(1, 100000)),
  stage: z.optional(oneOf(stageIds)),
  words: z.optional(oneOf(levels)),
};

/** Reads a link. What is wrong with it comes back as sentences. */
export function readAddress(query: string): { place: Place } | { refused: string[] } {
  if (query.length > longest) {
    return { refused: [`This link has ${query.length} characters; at most ${longest} are read.`] };
  }
  const given = [...new URLSearchParams(query)];
  const twice = given.map(([name]) => name).filter((name, i, names) => names.indexOf(name) !== i);
  if (twice.length > 0) return { refused: [`This link says “${shortened(twice[0])}” twice.`] };
  const named = new Map(given);
  const link = linkTo(lessonIds.find((id) => id === named.get("lesson")) ?? null);
  const read = z.strictObject({ ...everywhere, ...link?.fields }).safeParse(Object.fromEntries(given));
  if (!read.success) {
    return { refused: read.error.issues.slice(0, 5).flatMap((issue) => refusal(issue, named)) };
  }
  const { lesson = null, stage = "goal", words = "kid", ...rest } = read.data;
  const { kind, names } = link?.strays?.(rest) ?? { kind: "", names: [] };
  if (names.length > 0) {
    return { refused: names.map((name) => `This link has “${name}”, which ${kind} does not have.`) };
  }
  const settings = link === null ? null : link.read(rest);
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

/** The link to a place. What is as usual is left out. */
export function addressOf<Settings>({
  lesson,
  settings,
  try: number,
  stage,
  level,
}: Place<Settings>): string {
  const query = new URLSearchParams();
  const say = (
    name: string,
    value: string | number | undefined,
    usually: string | number | undefined,
  ): void => {
    if (value !== undefined && value !== usually) query.set(name, String(value));
  };
  if (lesson !== null) query.set("lesson", lesson);
  const link = linkTo(lesson);
  if (link !== null) {
    const usual = link.write(link.usual?.(settings) ?? link.read({}));
    for (const [name, value] of Object.entries(link.write(settings))) say(name, value, usual[name]);
  }
  say("try", number, 1);
  say("stage", stage, "goal");
  say("words", level, "kid");
  return `?${query.toString().replaceAll("%2C", ",")}`;
}

/** The link to a lesson as it usually begins, or to the home page. */
export function addressOfLesson(lesson: LessonId | null, level: Level = "kid"): string {
  return addressOf({ lesson, settings: linkTo(lesson)?.read({}), try: 1, stage: "goal", level });
}

/** The settings belong to the lesson: whoever has both has them from one place. */
function linkTo(lesson: LessonId | null): Link<unknown> | null {
  return lesson === null ? null : links[lesson];
}
