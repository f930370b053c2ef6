import { DataLoader, digits } from "@stargrad/datasets";
import type { Batch } from "@stargrad/train";

/** The pictures to learn from, in an order of their own for every epoch. */
export async function trainingPictures(
  directory: string,
  { batchSize, seed }: { readonly batchSize: number; readonly seed: number },
): Promise<DataLoader<Batch>> {
  return new DataLoader(await digits({ directory, split: "train" }), { batchSize, shuffle: true, seed });
}

/** The pictures to be tested on. */
export async function testPictures(directory: string): Promise<DataLoader<Batch>> {
  return new DataLoader(await digits({ directory, split: "test" }), { batchSize: 250 });
}
