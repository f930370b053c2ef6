import { Linear, ReLU, Sequential } from "@stargrad/nn";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint } from "@stargrad/train";

/** Looks at a picture of 28 × 28 pixels with 128 detectors, and lets them vote for one of ten digits. */
export function classifier(): Sequential {
  return new Sequential(new Linear(28 * 28, 128), new ReLU(), new Linear(128, 10));
}

/**
 * The classifier with the weights of a checkpoint.
 *
 * Throws: StargradError listing everything that does not fit, if they are the weights of another model
 */
export function trainedClassifier({ model: weights }: Checkpoint, path: string): Sequential {
  const model = classifier();
  try {
    model.loadStateDict(weights);
  } catch (error) {
    if (!(error instanceof StargradError)) throw error;
    throw new StargradError(path, `this is a checkpoint of another model. ${error.message}`, undefined, {
      cause: error,
    });
  }
  return model;
}
