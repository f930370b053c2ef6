import { FormatError } from "@stargrad/io";
import type { Json } from "@stargrad/train";
import { z } from "zod";

import { modelNames } from "../dashboard/settings.js";
import type { ClassifySettings } from "./run.js";
import { sourceNames, type SourceName } from "./sources.js";

/** The settings of a run, as its folder keeps them. */
export interface RunConfig extends ClassifySettings {
  readonly command: SourceName;
  /** The path of the files, from the root; null if the command needs none. */
  readonly data: string | null;
  /** The column of a table that is predicted. */
  readonly target: string | null;
}

const whole = z.int().min(1);

const schema = z.strictObject({
  command: z.enum(sourceNames),
  data: z.string().nullable(),
  target: z.string().nullable(),
  model: z.enum(modelNames),
  units: whole,
  epochs: whole,
  batchSize: whole,
  learningRate: z.number().positive(),
  heldOut: z.number().positive().lt(1),
  seed: z.int().min(0),
});

/** Reads the settings of a run. Throws: FormatError if they are those of another program */
export function readConfig(path: string, config: Readonly<Record<string, Json>> | null): RunConfig {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const [{ path: field, message }] = result.error.issues;
  throw new FormatError(
    `${path}/config.json`,
    `has not the settings of a run of this program: ${field.join(".") || "the file"}: ${message}`,
    "Was the run made by another version or by another program?",
  );
}
