import * as z from "zod/mini";

import { sampleNames, type SampleName } from "../../../dashboard/sample-names.js";
import { modelNames, usualRun, type RunSettings } from "../../../dashboard/settings.js";
import { linkOf, number, oneOf, whole } from "../../link.js";

/** What a link to the dashboard says. */
export interface DashboardSettings extends RunSettings {
  /** The data; null for files of the visitor, which no link can name. */
  readonly sample: SampleName | null;
}

export const usual: DashboardSettings = { ...usualRun, sample: "digits" };

export const dashboardLink = linkOf({
  fields: {
    data: z.optional(oneOf([...sampleNames, "files"])),
    model: z.optional(oneOf(modelNames)),
    units: z.optional(whole(1, 512)),
    rate: z.optional(number(0.00001, 10, "a learning rate from 0.00001 to 10")),
    schedule: z.optional(oneOf(["cosine", "constant"])),
    batch: z.optional(whole(1, 1024)),
    epochs: z.optional(whole(1, 200)),
    seed: z.optional(whole(0, 4294967295)),
    share: z.optional(number(0.05, 0.5, "a share from 0.05 to 0.5 that is held out")),
    leaks: z.optional(oneOf(["kept", "out"])),
  },
  read: ({ data, model, units, rate, schedule, batch, epochs, seed, share, leaks }): DashboardSettings => ({
    sample: data === "files" ? null : (data ?? usual.sample),
    model: model ?? usual.model,
    units: units ?? usual.units,
    learningRate: rate ?? usual.learningRate,
    schedule: schedule ?? usual.schedule,
    batchSize: batch ?? usual.batchSize,
    epochs: epochs ?? usual.epochs,
    seed: seed ?? usual.seed,
    share: share ?? usual.share,
    leaveOut: leaks === "out",
  }),
  write: ({ sample, model, units, learningRate, schedule, batchSize, epochs, seed, share, leaveOut }) => ({
    data: sample ?? "files",
    model,
    units,
    rate: learningRate,
    schedule,
    batch: batchSize,
    epochs,
    seed,
    share,
    leaks: leaveOut ? "out" : "kept",
  }),
});
