import { abortingChecks, type Target } from "@stargrad/compiler";
import { bytesPerElement, dtypes } from "@stargrad/graph";

/** A CPU as WebAssembly shows it: vectors of 16 bytes, lines of 64 bytes, a nearest cache of 32 KiB and more. */
export const wasmTarget: Target = {
  name: "wasm",
  dtypes,
  elementBytes: bytesPerElement,
  checks: abortingChecks,
  // A line of the cache. A vector is loaded whole where only its first element counts.
  memory: { alignmentBytes: 64, overreadBytes: 16 },
  kernel: {
    buffers: Infinity,
    // Each takes a pointer, and machines have few registers.
    operands: 24,
    // The largest loop of the layers, losses and optimizers has 56; at twice that, a buffer more is a hundredth of the work.
    parts: 128,
  },
  products: {
    // Each has an address that has to be known all the time.
    epilogueOperands: 12,
    stridedEpilogues: false,
    positionsInEpilogues: false,
    mixedWidthEpilogues: false,
    // 16 columns of float32 fill a line of the cache.
    panels: { dtypes: ["float32"], columns: 16, rows: 128 },
  },
  reductions: {
    leastSize: 2 ** 16,
    // What stays in a cache, and keeps its loop busy.
    partSize: 2 ** 15,
    enoughResults: 16,
    longRow: 256,
    fewestParts: 8,
    fewestRows: 32,
  },
  rowBlocks: {
    blockBytes: 32 * 1024,
    mostBlockBytes: 512 * 1024,
    // Less than this stays near anyway.
    leastBytes: 128 * 1024,
    // V8 compiles a function as a whole. The largest kernel of the layers and losses has 9 loops of 64 parts.
    loops: 32,
    parts: 512,
  },
  // Few enough lines for one set of a cache, and a line of each.
  tiles: { lines: 16, elements: 16, leastSide: 4, leastSize: 4096 },
  // Products and fills work on vectors all the time, and hardly wait for memory.
  costs: {
    multiplyAdd: 1 / 4,
    fill: 1 / 4,
    check: 1 / 4,
    gather: 2,
    scatterAdd: 2,
    cumsum: 2,
    randomBits: 8,
    argsort: 32,
  },
};
