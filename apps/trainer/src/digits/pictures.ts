import { DataLoader, digits } from "@stargrad/datasets";
import { StargradError } from "@stargrad/tensor";
import type { Batch } from "@stargrad/train";

import { fingerprintOf } from "../runs/fingerprint.js";

export interface TrainingPictures {
  /** The training images, shuffled anew in every epoch. */
  readonly loader: DataLoader<Batch>;
  /** Of the training images: see `fingerprintOf`. */
  readonly fingerprint: string;
}

export async function trainingPictures(
  directory: string,
  { batchSize, seed }: { readonly batchSize: number; readonly seed: number },
): Promise<TrainingPictures> {
  const pictures = await read(directory, "train");
  const { x, y } = pictures.all();
  const fingerprint = fingerprintOf(await x.data(), await y.data());
  return { loader: new DataLoader(pictures, { batchSize, shuffle: true, seed }), fingerprint };
}

/** The test images. */
export async function testPictures(directory: string): Promise<DataLoader<Batch>> {
  return new DataLoader(await read(directory, "test"), { batchSize: 250 });
}

/** Throws: StargradError for pictures of another size than 28 × 28, which the classifiers do not take */
async function read(directory: string, split: "train" | "test") {
  const pictures = await digits({ directory, split });
  const [, size] = pictures.batch(Int32Array.of()).x.shape;
  if (size === 28 * 28) return pictures;
  throw new StargradError(
    directory,
    `its pictures have ${size} pixels; \`digits\` learns pictures of 28 × 28`,
    "`fashion` learns pictures of any size",
  );
}
