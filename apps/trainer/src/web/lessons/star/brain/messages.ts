import type { KnobProof, Scene, Trace } from "../../../../star/brain/scene.js";
import type { BrainSettings } from "../../../../star/brain/sizes.js";
import type { Attempt } from "../../../../star/brain/training.js";
import type { Path } from "../../../../star/path.js";
import type { OfTry, RungTypes } from "../messages.js";

// What the page of the brain asks its worker: the questions of every rung, and how one square goes forward and back.

export interface BrainTypes extends RungTypes {
  readonly settings: BrainSettings;
  readonly scene: Scene;
  readonly path: Path;
  readonly attempt: Attempt;
  readonly proof: KnobProof;
}

export type MoreQuestions = {
  trace: { ask: OfTry & { readonly square: number }; answer: Trace };
};
