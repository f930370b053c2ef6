import { backward, grad, Parameter } from "@stargrad/autograd";
import { proveIt, type Proof, type StepExplanation } from "@stargrad/explain";
import { crossEntropy } from "@stargrad/nn";
import { ones, type Tensor } from "@stargrad/tensor";

import { creditOf, type Credit } from "../star/credit.js";
import { batchOf, heldOut, learned, type Batch } from "./drawings.js";
import type { CatNet, Volumes } from "./net.js";
import { numbersOf } from "./numbers-of.js";
import { filterLayers, kernel, markedPixels, side, wiggles } from "./sizes.js";
import type { CatTraining } from "./training.js";

// Everything a picture of one step shows, as plain numbers that travel between threads. All of them come from the library.

/** A picture of the visitor, and what it is. */
export interface OwnPicture {
  readonly pixels: Float32Array;
  readonly answer: 0 | 1;
}

/** A picture to look at: the number of a held-out drawing, or one of the visitor's own. */
export type Picture = number | OwnPicture;

/** What the net says about a picture. */
export interface Answered {
  /** The votes for cat and dog. */
  readonly votes: readonly [number, number];
  /** e to the power of each vote. */
  readonly powers: readonly [number, number];
  /** Their probabilities, which add up to 1. */
  readonly p: readonly [number, number];
  /** −ln p of the answer. */
  readonly surprise: number;
}

/** ∂ surprise / ∂ of everything that made it, for one picture. */
export interface Blame {
  /** Per unit of ink of each pixel. */
  readonly pixels: Float32Array;
  /** The pixels with the most blame; the largest first. */
  readonly strongest: readonly number[];
  /** The first of them that can be followed: ink is erased only where there is some, and added only where there is room. */
  readonly wish: number;
  /** Per unit of volume of each filter: how the surprise grows if its map is heard louder. */
  readonly volumes: readonly [first: Float32Array, second: Float32Array];
  /** Of the weights of the first filters, [8, 5, 5]. */
  readonly weights: Float32Array;
}

/** What one step did, on its own drawings. */
export interface StepNumbers {
  /** The numbers of its drawings, their ink and their answers. */
  readonly drawings: readonly number[];
  readonly pixels: Float32Array;
  readonly answers: readonly (0 | 1)[];
  /** The surprise of each drawing before and after the step. */
  readonly before: Float32Array;
  readonly after: Float32Array;
  /** How many drawings became less surprising. */
  readonly less: number;
  /** The mean surprise before and after. */
  readonly mistakes: readonly [before: number, after: number];
  readonly credit: Credit;
  /** How many gradients the explanation took. */
  readonly gradients: number;
  readonly layers: readonly LayerCredit[];
  /** For the filters of both layers. */
  readonly filters: readonly [first: readonly FilterCredit[], second: readonly FilterCredit[]];
  /** The weights of the first filters, [8, 5, 5]: before and after, their turns, and their blame on these drawings. */
  readonly weights: Float32Array;
  readonly nextWeights: Float32Array;
  readonly turns: Float32Array;
  readonly blames: Float32Array;
  readonly promises: Float32Array;
  /** The weights after the step, bit for bit: a replay must have the same. */
  readonly fingerprint: string;
}

export interface FilterCredit {
  readonly promise: number;
  readonly paid: number;
}

export interface LayerCredit extends FilterCredit {
  readonly name: "first" | "second" | "vote";
  readonly weights: number;
}

/** How one place of a map came about: the ink under the filter, times its weights. */
export interface Place {
  readonly row: number;
  readonly column: number;
  readonly ink: readonly number[];
  readonly products: readonly number[];
  readonly bias: number;
  readonly sum: number;
}

export interface Scene extends Answered {
  readonly number: number;
  readonly learningRate: number;
  /** The number of the held-out drawing; null for a picture of the visitor. */
  readonly drawing: number | null;
  readonly pixels: Float32Array;
  readonly answer: 0 | 1;
  /** The maps of both layers, one after the other: [8, 28, 28] and [16, 14, 14]. */
  readonly maps: readonly [first: Float32Array, second: Float32Array];
  /** Where each filter of the first layer is loudest. */
  readonly places: readonly Place[];
  readonly blame: Blame;
  readonly step: StepNumbers;
  /** What the net says about the picture after the step. */
  readonly next: Answered;
}

/** The pixels and the answer of a picture. */
export function pictureOf(picture: Picture): OwnPicture {
  if (typeof picture !== "number") return picture;
  return { pixels: heldOut.pixels(picture), answer: heldOut.answer(picture) };
}

export async function answerOf(net: CatNet, { pixels, answer }: OwnPicture): Promise<Answered> {
  const votes = net.forward(batchOf([pixels], [answer]).x).detach();
  const [v, e, p, log] = await Promise.all([
    numbersOf(votes),
    numbersOf(votes.exp()),
    numbersOf(votes.softmax({ axis: 1 })),
    numbersOf(votes.logSoftmax({ axis: 1 })),
  ]);
  return { votes: [v[0], v[1]], powers: [e[0], e[1]], p: [p[0], p[1]], surprise: -log[answer] };
}

/** What one step did: makes the step from the present state of the training. */
export async function stepOf(training: CatTraining, number: number): Promise<StepNumbers> {
  const { net } = training;
  const drawings = training.drawingsOf(number);
  const batch = learned.batch(drawings);
  const before = await surprisesOf(net, batch);
  const weights = await numbersOf(net.first.weight);
  const explanation = await training.explain(number);
  const after = await surprisesOf(net, batch);
  const first = explanation.parameters.get("first.weight");
  if (first === undefined) throw new Error("The net has no first layer");
  return {
    drawings,
    pixels: await numbersOf(batch.x),
    answers: drawings.map((drawing) => learned.answer(drawing)),
    before,
    after,
    less: after.filter((surprise, i) => surprise < before[i]).length,
    mistakes: [explanation.lossBefore, explanation.lossAfter],
    credit: creditOf(explanation),
    gradients: explanation.gradients,
    layers: layersOf(explanation),
    filters: [explanation.byUnit("first"), explanation.byUnit("second")],
    weights,
    nextWeights: await numbersOf(net.first.weight),
    turns: Float32Array.from(first.change),
    blames: Float32Array.from(first.blame),
    promises: Float32Array.from(first.promise),
    fingerprint: await fingerprint(net),
  };
}

function layersOf(explanation: StepExplanation): LayerCredit[] {
  const sizes = new Map<string, number>();
  for (const { name, paid } of explanation.parameters.values()) {
    const layer = name.slice(0, name.lastIndexOf("."));
    sizes.set(layer, (sizes.get(layer) ?? 0) + paid.length);
  }
  return [...explanation.byLayer()].map(([name, { promise, paid }]) => ({
    // The three layers of the net.
    name: name as LayerCredit["name"],
    weights: sizes.get(name) ?? 0,
    promise,
    paid,
  }));
}

async function surprisesOf(net: CatNet, { x, y }: Batch): Promise<Float32Array> {
  return numbersOf(crossEntropy(net.forward(x).detach(), y, { reduction: "none" }));
}

/** The numbers of a picture at the present state of the net, without the step. */
export async function lookedAt(
  net: CatNet,
  picture: OwnPicture,
): Promise<Pick<Scene, "maps" | "places" | "blame"> & Answered> {
  const { x, y } = batchOf([picture.pixels], [picture.answer]);
  const look = net.look(x);
  const [answered, first, second, places, blame] = await Promise.all([
    answerOf(net, picture),
    numbersOf(look.first.detach()),
    numbersOf(look.second.detach()),
    placesOf(net, picture),
    blameOf(net, { x, y }),
  ]);
  return { ...answered, maps: [first, second], places, blame };
}

async function blameOf(net: CatNet, { x, y }: Batch): Promise<Blame> {
  const surprise = (at: { ink: Tensor; volumes: Volumes }): Tensor =>
    crossEntropy(net.look(at.ink, at.volumes).votes, y);
  const slopes = grad(surprise)({ ink: x, volumes: fullVolumes() });
  net.first.weight.grad = null;
  backward(crossEntropy(net.forward(x), y));
  const weight = net.first.weight.grad as Tensor | null;
  for (const parameter of net.parameters()) parameter.grad = null;
  if (weight === null) throw new Error("The votes do not depend on the first layer");
  const [pixels, first, second, weights] = await Promise.all(
    [slopes.ink, ...slopes.volumes, weight].map(numbersOf),
  );
  const strongest = [...pixels.keys()]
    .sort((a, b) => Math.abs(pixels[b]) - Math.abs(pixels[a]) || a - b)
    .slice(0, markedPixels);
  const ink = await numbersOf(x);
  const wish = strongest.find((pixel) => (pixels[pixel] > 0 ? ink[pixel] > 0.1 : ink[pixel] < 0.9));
  return {
    pixels,
    strongest,
    wish: wish ?? strongest[0],
    volumes: [first, second],
    weights,
  };
}

function fullVolumes(): Volumes {
  return [ones([filterLayers[0].filters, 1, 1]), ones([filterLayers[1].filters, 1, 1])];
}

/** Where each filter of the first layer is loudest, and the products that add up to it. */
async function placesOf(net: CatNet, { pixels, answer }: OwnPicture): Promise<Place[]> {
  const [sums, weights, biases] = await Promise.all([
    numbersOf(net.first.forward(batchOf([pixels], [answer]).x).detach()),
    numbersOf(net.first.weight.detach()),
    numbersOf((net.first.bias as Parameter).detach()),
  ]);
  const half = (kernel - 1) / 2;
  return Array.from(biases, (bias, filter) => {
    const map = sums.subarray(filter * side * side, (filter + 1) * side * side);
    const at = map.indexOf(Math.max(...map));
    const [row, column] = [Math.floor(at / side), at % side];
    const ink = Array.from({ length: kernel * kernel }, (_, i) => {
      const [y, x] = [row + Math.floor(i / kernel) - half, column + (i % kernel) - half];
      return y < 0 || x < 0 || y >= side || x >= side ? 0 : pixels[y * side + x];
    });
    const products = ink.map((value, i) => value * weights[filter * kernel * kernel + i]);
    return { row, column, ink, products, bias, sum: map[at] };
  });
}

/** The weights of the net, bit for bit. */
export async function fingerprint(net: CatNet): Promise<string> {
  let hash = 0x811c9dc5;
  for (const parameter of net.parameters()) {
    const { buffer } = await numbersOf(parameter);
    for (const word of new Uint32Array(buffer)) hash = Math.imul(hash ^ word, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Measurements around a pixel, a weight or the volume of a filter, and its blame. */
export interface MarkProof extends Proof {
  readonly mark: string;
  readonly wiggle: number;
  /** How much the slope differs from the blame, as a part of the blame: there may be a kink within the wiggle. */
  readonly differs: number;
}

/**
 * Wiggles what a mark names both ways and measures the slope: `x30` is pixel 30, `f3` the volume of filter 3 of the first layer, `g3` of
 * the second, and `w3-12` a weight of filter 3 of the first. Numbers of filters are counted from 1, all others from 0.
 */
export async function proofOf(net: CatNet, picture: OwnPicture, mark: string): Promise<MarkProof> {
  const { x, y } = batchOf([picture.pixels], [picture.answer]);
  const found = /^([xfgw])(\d{1,3})(?:-(\d{1,2}))?$/.exec(mark);
  if (found === null) throw new Error(`There is nothing to wiggle at ${mark}`);
  const [, kind, number, weight] = found;
  const at = Number(number);
  if (kind === "x") {
    const ink = new Parameter(x);
    const place = [0, 0, Math.floor(at / side), at % side];
    const loss = (): Tensor => crossEntropy(net.forward(ink), y);
    return proved(mark, wiggles.pixel, (wiggle) => proveIt(ink, place, { loss, wiggle }));
  }
  if (kind === "w") {
    const place = [at - 1, 0, Math.floor(Number(weight) / kernel), Number(weight) % kernel];
    const loss = (): Tensor => crossEntropy(net.forward(x), y);
    return proved(mark, wiggles.weight, (wiggle) => proveIt(net.first.weight, place, { loss, wiggle }));
  }
  const layer = kind === "f" ? 0 : 1;
  const volume = new Parameter(fullVolumes()[layer]);
  const loss = (): Tensor => {
    const [first, second] = fullVolumes();
    return crossEntropy(net.look(x, layer === 0 ? [volume, second] : [first, volume]).votes, y);
  };
  return proved(mark, wiggles.volume, (wiggle) => proveIt(volume, [at - 1, 0, 0], { loss, wiggle }));
}

async function proved(
  mark: string,
  wiggle: number,
  prove: (wiggle: number) => Promise<Proof>,
): Promise<MarkProof> {
  const proof = await prove(wiggle);
  const differs = Math.abs(proof.slope - proof.blame) / Math.max(Math.abs(proof.blame), 1e-6);
  return { mark, wiggle, differs, ...proof };
}

/** What the net says about a picture with more ink in a pixel, or less. */
export function wiggled(
  net: CatNet,
  { pixels, answer }: OwnPicture,
  pixel: number,
  by: number,
): Promise<Answered> {
  const changed = pixels.slice();
  changed[pixel] += by;
  return answerOf(net, { pixels: changed, answer });
}
