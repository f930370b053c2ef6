import { roundUp } from "@stargrad/compiler";
import type { Machine } from "../machine/machine.js";
import type { Element } from "./element.js";
import type { MatmulSpec } from "./spec.js";

/** The part of C whose sums stay in registers: `rows` × `vectors` vectors. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** The partition of a product into pieces. Every count depends on the spec alone, never on the division among threads. */
export interface Plan {
  readonly tile: Tile;
  /** The number of columns of a tile. */
  readonly width: number;
  /** The number of strips of rows: the first `tallStrips` have `tile.rows` rows, the others one row less. */
  readonly strips: number;
  readonly tallStrips: number;
  /** The number of panels of `width` columns; the last may be partial. */
  readonly panels: number;
  /** The number of steps of k in a block, and the number of blocks. */
  readonly depth: number;
  readonly depthBlocks: number;
  /** The number of strips of A that are packed at once. */
  readonly stripsPerBlock: number;
  /** The number of neighbouring panels that are packed and multiplied together, to use whole cache lines. */
  readonly panelsAtOnce: number;
  /** The number of panels of B that are packed ahead: a multiple of `panelsAtOnce`, or equal to it if all strips are in one block. */
  readonly panelsPerBlock: number;
}

/**
 * The maximum number of steps in a block of k (for float64, half of it). Every block needs one more pass over C, which costs more
 * than reading panels from the L2 cache; but a longer chain of additions would lose accuracy.
 */
const depthLimit = 1024;
/** The maximum bytes of packed A, so that it stays in the L2 cache while panels of B are multiplied by it. */
const blockOfA = 512 * 1024;
/**
 * The maximum number of rows of a block if there is an epilogue. The hardware prefetches a stream for each operand and result of
 * each row, so few long rows are faster than many short ones.
 */
const rowsPerEpilogue = 128;
/** In bytes. */
const cacheLine = 64;
/** The maximum bytes of packed B, which are reused for every block of A. */
const blockOfB = 1024 * 1024;

export function planProduct({ m, n, k, b, machine, epilogue }: MatmulSpec, element: Element): Plan {
  const tile = chooseTile(m, n, element, machine);
  const width = tile.vectors * element.lanes;
  const strips = Math.ceil(m / tile.rows);
  const panels = Math.ceil(n / width);
  const depthBlocks = Math.max(1, Math.ceil((k * element.size) / (depthLimit * 4)));
  const depth = Math.ceil(k / depthBlocks);
  const rowsPerBlock = Math.min(
    blockOfA / (depth * element.size),
    epilogue === undefined ? Infinity : rowsPerEpilogue,
  );
  const stripsPerBlock = evenly(strips, rowsPerBlock / tile.rows);
  const perLine = Math.max(1, Math.floor(cacheLine / (width * element.size)));
  // Whether a panel can be read in place is decided for each panel at run time, so such panels are not grouped.
  const panelsAtOnce = b.overlapping === true ? 1 : Math.min(Math.max(1, panels), perLine);
  const panelsInBlock = evenly(panels, blockOfB / (depth * width * element.size));
  const panelsPerBlock = stripsPerBlock >= strips ? panelsAtOnce : roundUp(panelsInBlock, panelsAtOnce);
  return {
    tile,
    width,
    strips,
    tallStrips: strips - (strips * tile.rows - m),
    panels,
    depth,
    depthBlocks,
    stripsPerBlock,
    panelsAtOnce,
    panelsPerBlock,
  };
}

/** The number of registers that remain for elements of A beside a tile's sums and a row of B. */
export function freeRegisters({ rows, vectors }: Tile, { paired, registers }: Machine): number {
  const perRow = paired ? Math.ceil(vectors / 2) : vectors;
  return registers - perRow * rows - perRow;
}

/** The tile with the least estimated time for all of C, including the padding at its edges. */
function chooseTile(m: number, n: number, element: Element, machine: Machine): Tile {
  let best: Tile = { rows: 1, vectors: 1 };
  let leastTime = Infinity;
  for (const [key, byRows] of Object.entries(machine.tileRates)) {
    const vectors = Number(key);
    for (const i of byRows.keys()) {
      // Strips of about equal height waste no rows. At most two heights, which differ by one, are needed.
      const strips = Math.ceil(m / (i + 1));
      const rows = Math.ceil(m / Math.max(1, strips));
      const tall = strips - (strips * rows - m);
      const panels = Math.ceil(n / (vectors * element.lanes));
      const timeOf = (height: number) => (height === 0 ? 0 : (height * vectors) / byRows[height - 1]);
      const time = panels * (tall * timeOf(rows) + (strips - tall) * timeOf(rows - 1));
      if (rows > 0 && freeRegisters({ rows, vectors }, machine) > 0 && time < leastTime) {
        leastTime = time;
        best = { rows, vectors };
      }
    }
  }
  return best;
}

/** The size of equal blocks of at most `limit` (at least 1) that make up `count`. */
function evenly(count: number, limit: number): number {
  const blocks = Math.ceil(count / Math.max(1, Math.floor(limit)));
  return Math.max(1, Math.ceil(count / Math.max(1, blocks)));
}
