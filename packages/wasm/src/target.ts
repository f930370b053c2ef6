import { abortingChecks, type Target } from "@stargrad/compiler";
import { bytesPerElement, dtypes } from "@stargrad/graph";

/** A CPU as seen by WebAssembly: vectors of 16 bytes, cache lines of 64 bytes, an L1 cache of 32 KiB or more. */
export const wasmTarget: Target = {
  name: "wasm",
  dtypes,
  elementBytes: bytesPerElement,
  checks: abortingChecks,
  // The alignment is a cache line. The overread is a vector, which is loaded whole even if only its first element is used.
  memory: { alignmentBytes: 64, overreadBytes: 16 },
  kernel: {
    buffers: Infinity,
    // Each operand needs a pointer, and machines have few registers.
    operands: 24,
    // The largest loop of the layers, losses and optimizers has 56 parts. At twice that, one more buffer adds only 1 % of work.
    parts: 128,
  },
  products: {
    // The address of each operand takes a register during the whole product.
    epilogueOperands: 12,
    stridedEpilogues: false,
    positionsInEpilogues: false,
    mixedWidthEpilogues: false,
    // 16 columns of float32 fill a cache line.
    panels: { dtypes: ["float32"], columns: 16, rows: 128 },
  },
  reductions: {
    leastSize: 2 ** 16,
    // Small enough for a cache, and large enough that the overhead of the loop is negligible.
    partSize: 2 ** 15,
    enoughResults: 16,
    longRow: 256,
    fewestParts: 8,
    fewestRows: 32,
  },
  rowBlocks: {
    blockBytes: 32 * 1024,
    mostBlockBytes: 512 * 1024,
    // Smaller data stays in the cache anyway.
    leastBytes: 128 * 1024,
    // V8 compiles a function as a whole. The largest kernel of the layers and losses has 9 loops of 64 parts.
    loops: 32,
    parts: 512,
  },
  // The number of lines fits in one set of a cache; the elements of a line fill one cache line.
  tiles: { lines: 16, elements: 16, leastSide: 4, leastSize: 4096 },
  // Products and fills process whole vectors, and rarely wait for memory.
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
