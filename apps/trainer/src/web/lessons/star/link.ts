import * as z from "zod/mini";

import type { PenSettings, Point } from "../../../star/pen/training.js";
import { linkOf, number, whole } from "../../link.js";

export const usual = { seed: 1, learningRate: 0.2, momentum: 0.9 } as const;

const corners = "20 numbers from −2 to 2 with commas between them, for ten corners";

export const starLink = linkOf({
  fields: {
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
  },
  read: ({ seed, rate, momentum, goal }): PenSettings => ({
    seed: seed ?? usual.seed,
    learningRate: rate ?? usual.learningRate,
    momentum: momentum ?? usual.momentum,
    ...(goal && { goal: pairs(goal) }),
  }),
  write: ({ seed, learningRate, momentum, goal }) => ({
    seed,
    rate: learningRate,
    momentum,
    goal: goal
      ?.flat()
      .map((value) => Number(value.toFixed(3)))
      .join(","),
  }),
});

function pairs(flat: readonly number[]): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}
