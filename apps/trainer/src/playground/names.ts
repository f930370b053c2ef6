import type { LinkName } from "./scene.js";

// The marks of a network: `n1-3` for neuron 3 of layer 1, `n0-1` for input 1, `w2-5-3` for the link from neuron 3 of layer 1 to neuron 5 of
// layer 2, `w2-5-0` for the bias of that neuron. All are counted from 1, as in words.

export interface NeuronName {
  /** 0 for the inputs. */
  readonly layer: number;
  readonly neuron: number;
}

export function neuronMark({ layer, neuron }: NeuronName): string {
  return `n${layer}-${neuron}`;
}

export function neuronOf(mark: string | null): NeuronName | null {
  const found = /^n(\d+)-(\d+)$/.exec(mark ?? "");
  return found === null ? null : { layer: Number(found[1]), neuron: Number(found[2]) };
}

export function linkMark({ layer, neuron, from }: LinkName): string {
  return `w${layer + 1}-${neuron + 1}-${from + 1}`;
}

export function linkOfMark(mark: string | null): LinkName | null {
  const found = /^w(\d+)-(\d+)-(\d+)$/.exec(mark ?? "");
  return found === null
    ? null
    : { layer: Number(found[1]) - 1, neuron: Number(found[2]) - 1, from: Number(found[3]) - 1 };
}

export function pointMark(point: number): string {
  return `p${point + 1}`;
}

export function pointOfMark(mark: string | null): number | null {
  const found = /^p(\d+)$/.exec(mark ?? "")?.[1];
  return found === undefined ? null : Number(found) - 1;
}

/** A neuron in words. `depth` is the number of layers, with the output. */
export function neuronWords({ layer, neuron }: NeuronName, depth: number): string {
  if (layer === 0) return neuron === 1 ? "x, how far right" : "y, how far up";
  return layer === depth ? "the output" : `neuron ${neuron} of layer ${layer}`;
}

/** The same, short enough for a row. */
export function neuronShort({ layer, neuron }: NeuronName, depth: number): string {
  if (layer === 0) return neuron === 1 ? "x" : "y";
  return layer === depth ? "output" : `n${layer}.${neuron}`;
}

/** A link in words. */
export function linkWords({ layer, neuron, from }: LinkName, depth: number): string {
  const to = neuronShort({ layer: layer + 1, neuron: neuron + 1 }, depth);
  if (from < 0) return `the bias of ${to}`;
  return `the link ${neuronShort({ layer, neuron: from + 1 }, depth)} → ${to}`;
}

/** The same as a story tells it, short enough for a line. */
export function linkStory({ layer, neuron, from }: LinkName, depth: number): string {
  const start = layer === 0 ? "xy"[from] : `neuron ${from + 1}`;
  return `${start} → ${layer + 1 === depth ? "output" : `neuron ${neuron + 1}`}`;
}
