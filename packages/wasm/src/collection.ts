import { turnOfTheEventLoop } from "./event-loop.js";
import { isNode } from "./is-node.js";

/** The size in bytes of an array whose allocation and release makes the garbage collector run. */
const noticeable = 64 * 2 ** 20;
/** The maximum number of turns of the event loop to wait for a collection. After that none will come. */
const mostTurns = 20;

const registry = new FinalizationRegistry((act: () => void) => {
  act();
});

/**
 * Calls `act` in a turn of the event loop after an object has become unreachable. `act` must not refer to the object.
 */
export function whenCollected(object: object, act: () => void): void {
  registry.register(object, act);
}

/**
 * Makes the garbage collector run, and resolves when the callbacks of `whenCollected` for the collected objects have been called.
 *
 * In Node the collector can be called. Elsewhere it runs after many allocations, counting the bytes of arrays, so this function
 * allocates and drops large arrays. They cost almost nothing, because they are never written. If neither works, it resolves anyway.
 */
export async function collection(): Promise<void> {
  const marker = mark();
  collector ??= nodeCollector() ?? dropArray;
  for (let turn = 0; turn < mostTurns && !marker.collected; turn++) {
    // If the collector can be called, one call is enough; if it is provoked by allocations, it collects in steps.
    if (turn === 0 || collector === dropArray) collector();
    await turnOfTheEventLoop();
  }
}

/** Drops an object, and tells whether it has been collected. A separate function, because an async function keeps its variables alive. */
function mark(): { readonly collected: boolean } {
  const marker = { collected: false };
  // The marker uses the same registry as all other objects, because a registry reports all collected objects in the same turn.
  whenCollected({}, () => {
    marker.collected = true;
  });
  return marker;
}

/** Searched on first use, because finding it in Node creates a new context. */
let collector: (() => unknown) | null = null;

/** Node's `gc`, which a context has if it is created while the flag is set; `null` if this is not Node, or Node has none. */
function nodeCollector(): (() => unknown) | null {
  if (!isNode) return null;
  // The user has set the flag on the command line, so it must stay set.
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
