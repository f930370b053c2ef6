import { usualSettings, type LiveSettings } from "../../../text/live/sizes.js";
import { linkOf, number, whole } from "../../link.js";
import * as z from "zod/mini";

// The text itself is never in a link: it stays in the page.

export const textLink = linkOf({
  fields: {
    seed: z.optional(whole(0, 4294967295)),
    rate: z.optional(number(0.00001, 100, "a learning rate from 0.00001 to 100")),
    steps: z.optional(whole(10, 5000)),
  },
  read: ({ seed, rate, steps }): LiveSettings => ({
    seed: seed ?? usualSettings.seed,
    learningRate: rate ?? usualSettings.learningRate,
    steps: steps ?? usualSettings.steps,
  }),
  write: ({ seed, learningRate, steps }) => ({ seed, rate: learningRate, steps }),
});
