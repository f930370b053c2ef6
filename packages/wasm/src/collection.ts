import { turnOfTheEventLoop } from "./event-loop.js";
import { isNode } from "./is-node.js";

/** How large an array has to be for the garbage collector to notice that it was made and dropped. */
const noticeable = 64 * 2 ** 20;
/** In so many turns a collection that has been provoked comes to its end, or does not come at all. */
const mostTurns = 20;

const registry = new FinalizationRegistry((act: () => void) => {
  act();
});

/**
 * Has something done, in some turn of the event loop, when nobody has an object any more. What is done must not have it either.
 */
export function whenCollected(object: object, act: () => void): void {
  registry.register(object, act);
}

/**
 * Has the garbage collector run, and resolves when what was to be done about what it found is done.
 *
 * In Node it can be called. Elsewhere it comes when much has been allocated, and counts what arrays hold: large ones are made
 * and dropped, which cost next to nothing, since nobody writes to them. Where neither helps, this resolves nevertheless.
 */
export async function collection(): Promise<void> {
  const marker = mark();
  collector ??= nodeCollector() ?? dropArray;
  for (let turn = 0; turn < mostTurns && !marker.collected; turn++) {
    // Once is enough where it can be called; provoked, it works in steps.
    if (turn === 0 || collector === dropArray) collector();
    await turnOfTheEventLoop();
  }
}

/** Drops an object, and says whether it has been collected. Apart from who waits for it: what waits keeps what it has seen. */
function mark(): { readonly collected: boolean } {
  const marker = { collected: false };
  // In the same registry: each hears of what has been collected in a turn of its own, but of all of it.
  whenCollected({}, () => {
    marker.collected = true;
  });
  return marker;
}

/** Looked for when it is first needed, since it takes a context of its own. */
let collector: (() => unknown) | null = null;

/** Node's collector, which is there for a context that begins while a flag says so; `null` if this is not Node, or has none. */
function nodeCollector(): (() => unknown) | null {
  if (!isNode) return null;
  // Asked for on the command line, where it is not ours to hide.
  if (typeof globalThis.gc === "function") return globalThis.gc;
  try {
    const { setFlagsFromString } = process.getBuiltinModule("node:v8");
    setFlagsFromString("--expose-gc");
    const found: unknown = process.getBuiltinModule("node:vm").runInNewContext("gc");
    setFlagsFromString("--no-expose-gc");
    return typeof found === "function" ? (found as () => unknown) : null;
  } catch {
    return null;
  }
}

function dropArray(): ArrayBuffer {
  return new ArrayBuffer(noticeable);
}
