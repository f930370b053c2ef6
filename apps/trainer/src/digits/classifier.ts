import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential, Unflatten } from "@stargrad/nn";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint } from "@stargrad/train";

/** The classifiers of digits. Each maps images of 28 × 28 pixels as rows, [N, 784], to one logit per digit, [N, 10]. */
const classifiers = {
  /** A perceptron with one hidden layer of 128 units. */
  mlp: () => new Sequential(new Linear(28 * 28, 128), new ReLU(), new Linear(128, 10)),
  /** A small convolutional network. */
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
 * Makes the classifier of a checkpoint, with its weights.
 *
 * Throws: StargradError if there is no such model, or with all mismatches if the weights belong to another one
 */
export function trainedClassifier({ model: weights, metadata }: Checkpoint, path: string): Sequential {
  const settings = metadata["settings"] as { readonly model?: unknown } | null | undefined;
  // Checkpoints of other programs do not name the model.
  const named = settings?.model ?? "mlp";
  const name = classifierNames.find((known) => known === named);
  if (name === undefined) {
    const problem = `this is a checkpoint of another model, ${JSON.stringify(named).slice(0, 40)}`;
    throw new StargradError(path, problem, `Expected ${classifierNames.join(" or ")}`);
  }
  const model = classifier(name);
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
