import { audienceFor } from "../star/audience.js";
import { lesson, type LessonOptions, type Try } from "../star/lesson.js";

export interface StarOptions extends LessonOptions {
  readonly json?: boolean;
}

/** Teaches a pen to draw a star, and lets somebody watch. */
export async function star(options: StarOptions): Promise<void> {
  const audience = audienceFor(options);
  const tries: Try[] = [];
  try {
    for await (const attempt of lesson(options)) {
      tries.push(attempt);
      await audience.watch(attempt);
    }
    audience.applaud(tries);
  } finally {
    audience.close();
  }
}
