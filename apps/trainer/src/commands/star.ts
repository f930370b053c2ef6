import { reporterFor } from "../star/reporter.js";
import { brainStory } from "../star/brain/story.js";
import { penStory } from "../star/pen/story.js";
import type { AnyTry, Story } from "../star/story.js";

export interface StarOptions {
  /** Whether to train a small neural network instead of the pen. Default: false. */
  readonly brain?: boolean;
  readonly seed: number;
  readonly tries: number;
  /** Default: 0.2, with `brain` 0.02. */
  readonly learningRate?: number;
  /** Only for the pen. */
  readonly momentum: number;
  readonly json?: boolean;
}

/** Trains a pen, or a small neural network, to draw a star, and reports every try. */
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
  const reporter = reporterFor(story, { json });
  const tries: Try[] = [];
  try {
    for await (const attempt of story.tries()) {
      tries.push(attempt);
      await reporter.show(attempt);
    }
    reporter.done(tries);
  } finally {
    reporter.close();
  }
}
