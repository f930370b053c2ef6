import { neuronWords } from "../../../playground/names.js";
import type { PlayScene } from "../../../playground/scene.js";
import { short } from "../../../words/numbers.js";
import type { Curve } from "../../parts/timeline.js";
import type { PlayLesson, RunView } from "./lesson.svelte.js";

/** What the plane shows, for a reader of the screen. */
export function pictureLabel(scene: PlayScene, { enlarged, painted }: PlayLesson): string {
  if (painted !== null) return `A sheet to paint points on; there are ${painted.length}`;
  const { right, trainingPoints, rightHeldOut, heldOutPoints, layers } = scene;
  const ground =
    enlarged === null
      ? "what the network says everywhere"
      : `what ${neuronWords(enlarged, layers.length)} says everywhere`;
  return `Blue and orange points over ${ground}; ${right} of ${trainingPoints} training points and ${rightHeldOut} of ${heldOutPoints} held-out points are right`;
}

export function stateOf({ scores, first, last }: RunView): string {
  if (scores.length === 0) return "No try yet";
  const [begin, end] = [scores[0], scores[scores.length - 1]];
  return `${scores.length} tries, from ${short(begin.mistake)} in try ${first} to ${short(end.mistake)} in try ${last}`;
}

/** The least that a logarithmic scale shows. */
const least = 1e-7;

/** The mistakes of the runs, and that of the held-out points. */
export function curvesOf({ runs, present }: PlayLesson): Curve[] {
  const curves = runs.map((run): Curve => ({
    name: run === present ? "training" : run.name,
    first: run.first,
    mistakes: run.scores.map(({ mistake }) => Math.max(least, mistake)),
    isPerfect: false,
    isPresent: run === present,
  }));
  const heldOut = present.scores.flatMap(({ heldOut: value }) =>
    value === null ? [] : [Math.max(least, value)],
  );
  if (heldOut.length === 0) return curves;
  return [
    ...curves,
    { name: "held out", first: present.first, mistakes: heldOut, isPerfect: false, isPresent: false },
  ];
}
