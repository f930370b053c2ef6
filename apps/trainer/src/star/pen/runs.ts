import type { Path } from "../path.js";
import { TryRun, type RunKind } from "../runs.js";
import { fingerprint, pathOf, proofOf, sceneOf, wiggled, type KnobProof, type Scene } from "./scene.js";
import { PenTraining, type Attempt, type PenSettings, type PenState } from "./training.js";

/** The most tries of a run. */
export const mostTries = 1000;

const kind: RunKind<PenSettings, PenTraining> = {
  learner: (settings) => new PenTraining(settings),
  most: mostTries,
  outOfTries: `The star is not perfect after ${mostTries} tries. Try a larger learning rate, or momentum 0.9.`,
};

/** One run of the pen, any try of which can be looked at again. */
export class PenRun extends TryRun<PenSettings, PenState, Attempt, PenTraining> {
  constructor(settings: PenSettings, from?: { readonly run: PenRun; readonly try: number }) {
    super(settings, kind, from);
  }

  /** The numbers of a try, computed again from the state in which it began. */
  async look(number: number): Promise<Scene> {
    const { learningRate, momentum } = this.settings;
    return sceneOf(this.at(number), { number, learningRate, momentum });
  }

  async path(number: number): Promise<Path> {
    const scene = await this.look(number);
    return pathOf(this.at(number), scene);
  }

  /** Measures the slope of some knobs, each by two more attempts. */
  async prove(number: number, ids: readonly string[]): Promise<KnobProof[]> {
    const { knobs } = await this.look(number);
    const training = this.at(number);
    const proofs: KnobProof[] = [];
    for (const knob of knobs) if (ids.includes(knob.id)) proofs.push(await proofOf(training, knob));
    return proofs;
  }

  async wiggle(number: number, id: string, by: number): Promise<Attempt> {
    return wiggled(this.at(number), id, by);
  }

  /** The bytes of the knobs with which a try began, as they were recorded. */
  async recorded(number: number): Promise<string> {
    return fingerprint(this.at(number));
  }
}
