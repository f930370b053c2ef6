import { DataLoader, digits } from "@stargrad/datasets";
import type { Batch } from "@stargrad/train";

/** The training images, shuffled anew in every epoch. */
export async function trainingPictures(
  directory: string,
  { batchSize, seed }: { readonly batchSize: number; readonly seed: number },
): Promise<DataLoader<Batch>> {
  return new DataLoader(await digits({ directory, split: "train" }), { batchSize, shuffle: true, seed });
}

/** The test images. */
export async function testPictures(directory: string): Promise<DataLoader<Batch>> {
  return new DataLoader(await digits({ directory, split: "test" }), { batchSize: 250 });
}
