import type { CatNet } from "./net.js";
import { heldOut } from "./drawings.js";
import { numbersOf } from "./numbers-of.js";

/** How the net does on the drawings that it never learns from. */
export interface Test {
  /** How many steps the net had made. */
  readonly after: number;
  /** The part of the drawings for which it is right. */
  readonly right: number;
  /** The part for which it was right in the steps since the last test, before each of them. */
  readonly learned: number;
  /** How often it says cat and dog, for the cats, and for the dogs. */
  readonly counts: readonly [readonly [number, number], readonly [number, number]];
  /** For each drawing, what the net says. */
  readonly said: Uint8Array;
  /** For each drawing, the probability of dog. */
  readonly dog: Float32Array;
  /** The surprise of each drawing. */
  readonly surprises: Float32Array;
  /** The numbers of all drawings; the most surprising ones first. */
  readonly order: Uint16Array;
}

export async function testOf(net: CatNet, after: number, learned: number): Promise<Test> {
  const { x, y } = heldOut.batch(Array.from({ length: heldOut.length }, (_, i) => i));
  const votes = net.forward(x).detach();
  const [dog, surprises, said] = await Promise.all([
    numbersOf(votes.softmax({ axis: 1 }).select(1, 1)),
    numbersOf(votes.logSoftmax({ axis: 1 }).gather(y.unsqueeze(1), { axis: 1 }).squeeze(1).neg()),
    numbersOf(votes.argmax({ axis: 1 })),
  ]);
  const counts: [[number, number], [number, number]] = [
    [0, 0],
    [0, 0],
  ];
  said.forEach((animal, i) => {
    counts[heldOut.answer(i)][animal as 0 | 1]++;
  });
  return {
    after,
    right: (counts[0][0] + counts[1][1]) / heldOut.length,
    learned,
    counts,
    said: Uint8Array.from(said),
    dog,
    surprises,
    order: Uint16Array.from(surprises.keys()).sort((a, b) => surprises[b] - surprises[a] || a - b),
  };
}
