import type { Machine } from "../machine/machine.js";
import type { Element } from "./element.js";
import type { MatmulSpec } from "./spec.js";

/** The part of C whose sums stay in registers: `rows` × `vectors` vectors. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** How a product is cut into pieces. Every count follows from the spec alone, never from how threads share the work. */
export interface Plan {
  readonly tile: Tile;
  /** Columns of a tile. */
  readonly width: number;
  /** Strips of rows: the first `tallStrips` have `tile.rows`, the others one less. */
  readonly strips: number;
  readonly tallStrips: number;
  /** Panels of `width` columns; the last may be partial. */
  readonly panels: number;
  /** How much of k is multiplied at once, and how often. */
  readonly depth: number;
  readonly depthBlocks: number;
  /** Strips of A that are packed at once. */
  readonly stripsPerBlock: number;
  /** Neighbouring panels that are packed and multiplied together, to use whole lines of the cache. */
  readonly panelsAtOnce: number;
  /** Panels of B that are packed ahead, a multiple of `panelsAtOnce`; none further if all strips are in one block. */
  readonly panelsPerBlock: number;
}

/**
 * How deep a block of k may be (float64: half of it). Every block is one more pass over C, which costs more than panels
 * that have to come from the L2; but a sum of more products in a row would lose accuracy.
 */
const depthLimit = 1024;
/** Bytes of packed A, which a panel of B passes over from the L2. */
const blockOfA = 512 * 1024;
/**
 * An epilogue walks the rows of a block. Each walk is a stream for the machine to follow, and with operands and several
 * results a row has some: few long rows are better than many short ones.
 */
const rowsPerEpilogue = 128;
/** In bytes. */
const cacheLine = 64;
/** Bytes of packed B, used again for every block of A. */
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
  // Whether panels that are read in place can be is decided for each of them.
  const panelsAtOnce = b.overlapping === true ? 1 : Math.min(Math.max(1, panels), perLine);
  const panelsInBlock = evenly(panels, blockOfB / (depth * width * element.size));
  const panelsPerBlock =
    stripsPerBlock >= strips ? panelsAtOnce : Math.ceil(panelsInBlock / panelsAtOnce) * panelsAtOnce;
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

/** How many registers are left for elements of A when a tile's sums and a row of B are in theirs. */
export function freeRegisters({ rows, vectors }: Tile, { paired, registers }: Machine): number {
  const perRow = paired ? Math.ceil(vectors / 2) : vectors;
  return registers - perRow * rows - perRow;
}

/** The tile that takes least time for all of C, the padding at its edges included. */
function chooseTile(m: number, n: number, element: Element, machine: Machine): Tile {
  let best: Tile = { rows: 1, vectors: 1 };
  let leastTime = Infinity;
  for (const [key, byRows] of Object.entries(machine.tileRates)) {
    const vectors = Number(key);
    for (const i of byRows.keys()) {
      // Strips of equal height waste no rows, and then at most two heights are needed.
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
