import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential, Unflatten } from "@stargrad/nn";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint } from "@stargrad/train";

/** The models that learn digits. Each takes pictures of 28 × 28 pixels as rows, [N, 784], and has a vote for each digit. */
const classifiers = {
  /** Looks at the whole picture with 128 detectors. */
  mlp: () => new Sequential(new Linear(28 * 28, 128), new ReLU(), new Linear(128, 10)),
  /** Looks everywhere with the same small detectors, and with further ones at what those have found. */
  cnn: () =>
    new Sequential(
      new Unflatten(1, [1, 28, 28]),
      new Conv2d(1, 8, 5, { padding: "same" }),
      new ReLU(),
      new MaxPool2d(2),
      new Conv2d(8, 16, 5, { padding: "same" }),
      new ReLU(),
      new MaxPool2d(2),
      new Flatten(),
      new Dropout(0.4),
      new Linear(16 * 7 * 7, 10),
    ),
};

export type ClassifierName = keyof typeof classifiers;

export const classifierNames = Object.keys(classifiers) as readonly ClassifierName[];

export function classifier(name: ClassifierName): Sequential {
  return classifiers[name]();
}

/**
 * The classifier with the weights of a checkpoint.
 *
 * Throws: StargradError listing everything that does not fit, if they are the weights of another model
 */
export function trainedClassifier({ model: weights, metadata }: Checkpoint, path: string): Sequential {
  const settings = metadata["settings"] as { readonly model?: unknown } | null | undefined;
  const model = classifier(classifierNames.find((name) => name === settings?.model) ?? "mlp");
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
