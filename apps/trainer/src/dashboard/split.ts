import { Generator } from "@stargrad/tensor";

import { sizeOf, type Data } from "./data.js";

export interface SplitSettings {
  readonly seed: number;
  /** The fraction that is held out, unless the files say which examples are. */
  readonly share: number;
  /** Whether held-out examples that are also among the training examples are left out. */
  readonly leaveOut: boolean;
}

/** The examples to train on, and those that are held out, by their indices. */
export interface Split {
  readonly training: Int32Array;
  readonly heldOut: Int32Array;
  /** The leaks: held-out examples with an equal training example, as pairs of indices. */
  readonly leaks: readonly (readonly [heldOut: number, training: number])[];
}

/** Divides data at random by a seed, with the same mixture of classes on both sides, and looks for what is on both. */
export function splitOf(data: Data, settings: SplitSettings): Split {
  const { training, heldOut } =
    data.heldOutFrom === null ? stratified(data, settings) : given(data, data.heldOutFrom);
  const leaks = leaksOf(data, training, heldOut);
  const leaking = new Set(leaks.map(([index]) => index));
  const kept = settings.leaveOut ? heldOut.filter((index) => !leaking.has(index)) : heldOut;
  return { training, heldOut: kept, leaks };
}

function given({ labels }: Data, from: number): Omit<Split, "leaks"> {
  const all = Int32Array.from(labels.keys());
  return { training: all.slice(0, from), heldOut: all.slice(from) };
}

function stratified({ labels, classes }: Data, { seed, share }: SplitSettings): Omit<Split, "leaks"> {
  const random = new Generator(seed);
  const [training, heldOut]: [number[], number[]] = [[], []];
  for (const [label] of classes.entries()) {
    const members = [...labels.keys()].filter((index) => labels[index] === label);
    const order = random.permutation(members.length);
    // At least one of each side, where there are two.
    const out = Math.max(Math.min(1, members.length - 1), Math.round(share * members.length));
    for (const [place, position] of order.entries())
      (place < out ? heldOut : training).push(members[position]);
  }
  return { training: Int32Array.from(training).sort(), heldOut: Int32Array.from(heldOut).sort() };
}

/** Finds equal examples by a hash of their values, and compares those with one hash. */
function leaksOf(data: Data, training: Int32Array, heldOut: Int32Array): [number, number][] {
  const size = sizeOf(data);
  const bits = data.values instanceof Uint8Array ? data.values : new Uint32Array(data.values.buffer, data.values.byteOffset, data.values.length); // prettier-ignore
  const hash = (index: number): number => {
    let value = 0x811c9dc5;
    for (let i = index * size; i < (index + 1) * size; i++) value = Math.imul(value ^ bits[i], 0x01000193);
    return value;
  };
  const equal = (a: number, b: number): boolean => {
    for (let i = 0; i < size; i++) if (bits[a * size + i] !== bits[b * size + i]) return false;
    return true;
  };
  const known = new Map<number, number[]>();
  for (const index of training) {
    const key = hash(index);
    const others = known.get(key);
    if (others === undefined) known.set(key, [index]);
    else others.push(index);
  }
  const leaks: [number, number][] = [];
  for (const index of heldOut) {
    const twin = known.get(hash(index))?.find((other) => equal(index, other));
    if (twin !== undefined) leaks.push([index, twin]);
  }
  return leaks;
}
