import type { Json } from "@stargrad/train";

import { learnedDrawings } from "./sizes.js";
import type { Test } from "./tested.js";
import type { CatSettings } from "./training.js";

// What a run remembers besides its weights, as JSON of a checkpoint.

/** How a run ended: the net knows cats and dogs, or a sentence says why not. */
export type End = { readonly kind: "perfect" } | { readonly kind: "failed"; readonly sentence: string };

export interface Memory {
  /** The number of the first step. */
  readonly first: number;
  /** Of a fork, the bytes of the state from which it was forked. */
  readonly start: Uint8Array | null;
  readonly mistakes: readonly number[];
  readonly fingerprints: readonly string[];
  readonly tests: readonly Test[];
  readonly right: number[];
  readonly isTestDue: boolean;
  readonly end: End | null;
}

/** Changes with every change of the run, so that an older save is not gone on from. */
const version = 2;

export function writeMemory(memory: Memory, { seed, learningRate }: CatSettings): Record<string, Json> {
  const { first, start, mistakes, fingerprints, tests, right, isTestDue, end } = memory;
  return {
    lesson: "cat-or-dog",
    version,
    drawings: learnedDrawings,
    seed,
    learningRate,
    first,
    start: start === null ? null : base64Of(start),
    mistakes,
    fingerprints,
    right,
    isTestDue,
    end,
    tests: tests.map(({ said, dog, surprises, order, ...rest }) => ({
      ...rest,
      said: base64Of(said),
      dog: base64Of(dog),
      surprises: base64Of(surprises),
      order: base64Of(order),
    })),
  };
}

/** Null if this is not the memory of a run with these settings. */
export function readMemory(
  metadata: Readonly<Record<string, Json>>,
  { seed, learningRate }: CatSettings,
): Memory | null {
  const isOurs =
    metadata["lesson"] === "cat-or-dog" &&
    metadata["version"] === version &&
    metadata["drawings"] === learnedDrawings &&
    metadata["seed"] === seed &&
    metadata["learningRate"] === learningRate;
  if (!isOurs) return null;
  // Written by `writeMemory` of the same version, and protected by the checksum of the checkpoint.
  const { start, tests, ...rest } = metadata as unknown as Omit<Memory, "start" | "tests"> & Written;
  return {
    ...rest,
    start: start === null ? null : new Uint8Array(bytesOf(start)),
    tests: tests.map(({ said, dog, surprises, order, ...test }) => ({
      ...test,
      said: new Uint8Array(bytesOf(said)),
      dog: new Float32Array(bytesOf(dog)),
      surprises: new Float32Array(bytesOf(surprises)),
      order: new Uint16Array(bytesOf(order)),
    })),
  };
}

interface Written {
  readonly start: string | null;
  readonly tests: readonly WrittenTest[];
}

type WrittenTest = Omit<Test, "said" | "dog" | "surprises" | "order"> &
  Readonly<Record<"said" | "dog" | "surprises" | "order", string>>;

function base64Of({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array | Uint8Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}
