import type { Path } from "../path.js";
import { TryRun, type RunKind } from "../runs.js";
import {
  fingerprint,
  pathOf,
  proofOf,
  sceneOf,
  traceOf,
  wiggled,
  type KnobProof,
  type Scene,
  type Trace,
} from "./scene.js";
import type { BrainSettings } from "./sizes.js";
import { BrainTraining, type Attempt, type BrainState } from "./training.js";

/** The most tries of a run. */
const mostTries = 1000;

const kind: RunKind<BrainSettings, BrainTraining> = {
  learner: (settings) => new BrainTraining(settings),
  most: mostTries,
  outOfTries: `Fewer than 99 % of the squares are right after ${mostTries} tries. Look at Blame to see why.`,
};

/** One run of the brain, any try of which can be looked at again. */
export class BrainRun extends TryRun<BrainSettings, BrainState, Attempt, BrainTraining> {
  constructor(settings: BrainSettings, from?: { readonly run: BrainRun; readonly try: number }) {
    super(settings, kind, from);
  }

  /** The numbers of a try, computed again from the state in which it began. */
  look(number: number): Promise<Scene> {
    return sceneOf(this.at(number), this.settings, number);
  }

  /** One square on its way forward and back. */
  trace(number: number, square: number): Promise<Trace> {
    return traceOf(this.at(number), square);
  }

  async path(number: number): Promise<Path> {
    const scene = await this.look(number);
    return pathOf(this.at(number), scene);
  }

  /** Measures the slope of some knobs, each by two more attempts. */
  async prove(number: number, ids: readonly string[]): Promise<KnobProof[]> {
    const training = this.at(number);
    const proofs: KnobProof[] = [];
    for (const id of ids) proofs.push(await proofOf(training, id));
    return proofs;
  }

  wiggle(number: number, id: string, by: number): Promise<Attempt> {
    return wiggled(this.at(number), id, by);
  }

  /** The bytes of the knobs with which a try began, as they were recorded. */
  recorded(number: number): Promise<string> {
    return fingerprint(this.at(number));
  }
}
