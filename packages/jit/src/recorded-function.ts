import { Tensor, type Tree } from "@stargrad/tensor";
import { Recording, type Outcome, type RecordingOptions } from "./recording.js";
import { Recordings } from "./recordings.js";

export interface RecordedFunctionOptions<Notes> extends RecordingOptions {
  /** Whether a recording with these notes is still valid, in addition to `Recording.isValid`. Default: always. */
  readonly fits?: (notes: Notes) => boolean;
}

/** A function of tensors with its recordings: one for each nesting, shape and type of inputs. */
export class RecordedFunction<Inputs extends Tree, Results extends Tree, Notes> {
  readonly #f: (inputs: Inputs) => Outcome<Results, Notes>;
  readonly #options: RecordedFunctionOptions<Notes>;
  readonly #recordings = new Recordings<Recording<Inputs, Results, Notes>>();

  constructor(f: (inputs: Inputs) => Outcome<Results, Notes>, options: RecordedFunctionOptions<Notes>) {
    this.#f = f;
    this.#options = options;
  }

  /** The most recently used valid recording for the types of these inputs; makes one if there is none. */
  recordingFor(inputs: Inputs): Recording<Inputs, Results, Notes> {
    const types = typesOf(inputs);
    const { fits } = this.#options;
    const known = this.#recordings.find(
      types,
      (recording) => recording.isValid() && fits?.(recording.notes) !== false,
    );
    if (known !== undefined) return known;
    const recording = new Recording(this.#f, inputs, this.#options);
    this.#recordings.keep(types, recording);
    return recording;
  }
}

/** A key that is equal for two trees exactly if they have the same nesting, shapes and types. */
function typesOf(inputs: Tree): string {
  if (inputs instanceof Tensor) return `${inputs.dtype}[${inputs.shape.join()}]`;
  if (Array.isArray(inputs)) return `[${inputs.map(typesOf).join()}]`;
  return `{${Object.entries(inputs)
    .map(([name, input]) => `${JSON.stringify(name)}:${typesOf(input)}`)
    .join()}}`;
}
