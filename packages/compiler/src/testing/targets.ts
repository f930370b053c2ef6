import { bytesPerElement, dtypes } from "@stargrad/graph";
import { abortingChecks } from "../checks.js";
import { reportingChecks } from "../findings.js";
import type { Target } from "../target.js";

/** A CPU with vectors and caches, for the tests of single passes. */
export const vectorTarget: Target = {
  name: "vectors",
  dtypes,
  elementBytes: bytesPerElement,
  checks: abortingChecks,
  memory: { alignmentBytes: 64, overreadBytes: 16 },
  kernel: { buffers: Infinity, operands: 24, parts: 128 },
  products: {
    epilogueOperands: 12,
    stridedEpilogues: false,
    positionsInEpilogues: false,
    mixedWidthEpilogues: false,
    panels: { dtypes: ["float32"], columns: 16, rows: 128 },
  },
  reductions: {
    leastSize: 2 ** 16,
    partSize: 2 ** 15,
    enoughResults: 16,
    longRow: 256,
    fewestParts: 8,
    fewestRows: 32,
  },
  rowBlocks: { blockBytes: 2 ** 15, mostBlockBytes: 2 ** 19, leastBytes: 2 ** 17, loops: 32, parts: 512 },
  tiles: { lines: 16, elements: 16, leastSide: 4, leastSize: 4096 },
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

/**
 * An invented machine that differs from a CPU as much as possible: kernels have 8 buffers, no float64 and no abort; a bool takes a
 * word; kernels may not read beyond a buffer. Its thresholds are tiny, so that small tensors are split, tiled and joined and lead
 * to every kind of kernel.
 */
export const narrowTarget: Target = {
  name: "narrow",
  dtypes: ["bool", "int32", "float32"],
  elementBytes: () => 4,
  checks: reportingChecks,
  memory: { alignmentBytes: 256, overreadBytes: 0 },
  kernel: { buffers: 8, operands: 11, parts: 40 },
  products: {
    epilogueOperands: 6,
    stridedEpilogues: true,
    positionsInEpilogues: true,
    mixedWidthEpilogues: true,
    panels: { dtypes: ["float32"], columns: 4, rows: 64 },
  },
  reductions: { leastSize: 24, partSize: 8, enoughResults: 4, longRow: 8, fewestParts: 2, fewestRows: 2 },
  rowBlocks: { blockBytes: 96, mostBlockBytes: 4096, leastBytes: 48, loops: 5, parts: 60 },
  tiles: { lines: 3, elements: 5, leastSide: 2, leastSize: 12 },
  costs: {
    multiplyAdd: 1,
    fill: 1,
    check: 1,
    gather: 1,
    scatterAdd: 1,
    cumsum: 1,
    randomBits: 1,
    argsort: 1,
  },
};
