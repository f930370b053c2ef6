import * as z from "zod/mini";

import {
  activations,
  optimizers,
  starts,
  usual as usualBrain,
  type BrainSettings,
} from "../../../star/brain/sizes.js";
import type { PenSettings, Point } from "../../../star/pen/training.js";
import { linkOf, number, oneOf, whole } from "../../link.js";

export const usual = { seed: 1, learningRate: 0.2, momentum: 0.9 } as const;

/** The settings of the pen, or of the brain. */
export type StarSettings = PenSettings | BrainSettings;

export function isBrain(settings: StarSettings): settings is BrainSettings {
  return "rung" in settings;
}

const corners = "20 numbers from −2 to 2 with commas between them, for ten corners";

export const starLink = linkOf({
  fields: {
    rung: z.optional(oneOf(["pen", "brain"])),
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
    optimizer: z.optional(oneOf(optimizers)),
    activation: z.optional(oneOf(activations)),
    start: z.optional(oneOf(starts)),
  },
  read: ({ rung, seed, rate, momentum, goal, optimizer, activation, start }): StarSettings =>
    rung === "brain"
      ? {
          rung,
          seed: seed ?? usualBrain.seed,
          learningRate: rate ?? usualBrain.learningRate,
          optimizer: optimizer ?? usualBrain.optimizer,
          activation: activation ?? usualBrain.activation,
          start: start ?? usualBrain.start,
        }
      : {
          seed: seed ?? usual.seed,
          learningRate: rate ?? usual.learningRate,
          momentum: momentum ?? usual.momentum,
          ...(goal && { goal: pairs(goal) }),
        },
  strays: ({ rung, ...fields }) => {
    const [kind, others] =
      rung === "brain"
        ? ["the brain", ["momentum", "goal"]]
        : ["the pen", ["optimizer", "activation", "start"]];
    return { kind, names: others.filter((name) => fields[name] !== undefined) };
  },
  write: (settings) => {
    if (isBrain(settings)) {
      const { rung, seed, learningRate, optimizer, activation, start } = settings;
      return { rung, seed, rate: learningRate, optimizer, activation, start };
    }
    const { seed, learningRate, momentum, goal } = settings;
    return {
      seed,
      rate: learningRate,
      momentum,
      goal: goal
        ?.flat()
        .map((value) => Number(value.toFixed(3)))
        .join(","),
    };
  },
  // The rung itself is always said.
  usual: (settings) => (isBrain(settings) ? { ...usualBrain, rung: undefined as never } : usual),
});

function pairs(flat: readonly number[]): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}
