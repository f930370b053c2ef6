import { givenUp, round } from "./barrier.js";
import { begin, commands, serve, states, words, type ThreadLayout } from "./serve.js";

const layout: ThreadLayout = {
  words,
  commands,
  states,
  barrier: { givenUp: givenUp / 4, round: round / 4 },
};

/** The program of a thread. */
export const threadSource = `(${begin.toString()})(${serve.toString()}, ${JSON.stringify(layout)});`;
