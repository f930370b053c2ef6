import { collection } from "./collection.js";
import { turnOfTheEventLoop } from "./event-loop.js";

/** If the memory held by storages has grown by more than this, reading waits for a turn of the event loop. */
const turnBound = 64 * 2 ** 20;
/** If it has grown by more than this in spite of such turns, the garbage collector is called. */
const collectionBound = 192 * 2 ** 20;

/** The bytes that storages hold in the memories of engines, including unreachable storages. */
let held = 0;
/** The minimum of `held` since the last awaited turn, and since the last collection. */
let sinceTurn = 0;
let sinceCollection = 0;

/** Records that a storage holds `bytes` bytes. */
export function noteHeld(bytes: number): void {
  held += bytes;
}

/** Records that a storage has freed `bytes` bytes. */
export function noteGivenBack(bytes: number): void {
  held -= bytes;
  sinceTurn = Math.min(sinceTurn, held);
  sinceCollection = Math.min(sinceCollection, held);
}

/**
 * Whether the held memory has grown so much that a part of it may be unreachable. In a training loop, storages change their
 * contents but not their number, so this is false.
 */
export function mayReclaim(): boolean {
  return held - sinceTurn > turnBound;
}

/**
 * Frees the memory of unreachable storages. Finalization registries only call back in turns of the event loop, so this waits for
 * one; if that does not free enough, it runs the garbage collector. Does nothing unless `mayReclaim`.
 */
export async function reclaim(): Promise<void> {
  if (!mayReclaim()) return;
  // Concurrent reads wait for the same turn.
  underWay ??= giveTurns();
  await underWay;
}

let underWay: Promise<void> | null = null;

async function giveTurns(): Promise<void> {
  try {
    await turnOfTheEventLoop();
    if (held - sinceCollection > collectionBound) {
      await collection();
      sinceCollection = held;
    }
    sinceTurn = held;
  } finally {
    underWay = null;
  }
}
