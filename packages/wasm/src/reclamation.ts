import { collection } from "./collection.js";
import { turnOfTheEventLoop } from "./event-loop.js";

/** By how much what storages hold may grow until reading waits for a turn of the event loop. */
const turnBound = 64 * 2 ** 20;
/** By how much it may grow, turns and all, until the garbage collector is called. */
const collectionBound = 192 * 2 ** 20;

/** How many bytes storages hold in the memories of engines, whether anybody still has them or not. */
let held = 0;
/** The least they have held since the last turn that was waited for, and since the last collection. */
let sinceTurn = 0;
let sinceCollection = 0;

/** Says that a storage holds so many bytes. */
export function noteHeld(bytes: number): void {
  held += bytes;
}

/** Says that it has given them back. */
export function noteGivenBack(bytes: number): void {
  held -= bytes;
  sinceTurn = Math.min(sinceTurn, held);
  sinceCollection = Math.min(sinceCollection, held);
}

/**
 * Whether so much is held that was not held before that some of it may have been dropped. In a training loop storages change
 * their contents and not their number, so there it is false.
 */
export function mayReclaim(): boolean {
  return held - sinceTurn > turnBound;
}

/**
 * Lets what has been dropped come back: registries hear of it in turns of the event loop alone, and if those do not help, it
 * has to be collected first. Does nothing unless there may be much.
 */
export async function reclaim(): Promise<void> {
  if (!mayReclaim()) return;
  // Whoever reads several results at once waits for the same turn.
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
