import { audienceFor } from "../star/audience.js";
import { brainStory } from "../star/brain/story.js";
import { penStory } from "../star/pen/story.js";
import type { AnyTry, Story } from "../star/story.js";

export interface StarOptions {
  /** Whether a small neural network is taught instead of the pen. */
  readonly brain?: boolean;
  readonly seed: number;
  readonly tries: number;
  /** Default: 0.2, and 0.02 for the brain. */
  readonly learningRate?: number;
  /** The pen's. */
  readonly momentum: number;
  readonly json?: boolean;
}

/** Teaches a pen, or a small brain, to draw a star, and lets somebody watch. */
export async function star(options: StarOptions): Promise<void> {
  const { brain = false, json = false, seed, tries, momentum } = options;
  if (brain) {
    const { learningRate = 0.02 } = options;
    await tell(brainStory({ seed, tries, learningRate }), json);
  } else {
    const { learningRate = 0.2 } = options;
    await tell(penStory({ seed, tries, learningRate, momentum }), json);
  }
}

async function tell<Try extends AnyTry>(story: Story<Try>, json: boolean): Promise<void> {
  const audience = audienceFor(story, { json });
  const tries: Try[] = [];
  try {
    for await (const attempt of story.tries()) {
      tries.push(attempt);
      await audience.watch(attempt);
    }
    audience.applaud(tries);
  } finally {
    audience.close();
  }
}
