import * as z from "zod/mini";

import type { CatSettings } from "../../../cat-or-dog/training.js";
import { heldOutDrawings } from "../../../cat-or-dog/sizes.js";
import { linkOf, number, whole } from "../../link.js";

/** What a link says: the settings of the run, and the held-out drawing to look at. */
export interface CatPlace extends CatSettings {
  /** The number of the drawing, from 0. A link counts from 1. */
  readonly drawing: number;
}

/** Drawing 485 is a dog that the net calls a cat at first. */
export const usual = { seed: 1, learningRate: 0.004, drawing: 485 } as const;

export const catLink = linkOf({
  fields: {
    seed: z.optional(whole(0, 4294967295)),
    rate: z.optional(number(0.00001, 1, "a learning rate from 0.00001 to 1")),
    drawing: z.optional(whole(1, heldOutDrawings)),
  },
  read: ({ seed, rate, drawing }): CatPlace => ({
    seed: seed ?? usual.seed,
    learningRate: rate ?? usual.learningRate,
    drawing: drawing === undefined ? usual.drawing : drawing - 1,
  }),
  write: ({ seed, learningRate, drawing }) => ({ seed, rate: learningRate, drawing: drawing + 1 }),
});
