import { i32, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { consecutive, entry, minimum, plus, times } from "./addressing.js";
import { elementOf, type Element } from "./element.js";
import { emitEpilogue, outputOf } from "./output.js";
import { emitPackGroup, emitPackPanels } from "./pack.js";
import { emitPanelProduct, tileBytes } from "./panel-product.js";
import { planProduct, type Plan } from "./plan.js";
import { emitRun, type Matmul, type RunLocals } from "./run.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf, stripBytes } from "./strips.js";

type Int = Expression<"i32">;

/** The bytes of C to which the epilogue is applied at once. */
const blockOfC = 512 * 1024;
/**
 * If lines are neighbours, all of them are packed for this number of steps of k before the next steps. A cache line holds elements of
 * several lines, and is then still in the cache when the next line is packed.
 */
const stepsAtOnce = 32;

/**
 * Writes a product that copies its operands into the order in which the inner loop reads them: B in panels of a few
 * columns, A in strips of a few rows, each a block of k at a time.
 *
 *     for panels of B that fit in the cache
 *       for blocks of k
 *         pack the panels, if there is more than one block of strips
 *         for strips of A that fit in the cache
 *           pack the strips
 *           for panels: pack the panel, if it was not; for strips: multiply, into C
 *           the epilogue, after the last block of k
 *
 * With one block of strips a panel is used once: it is packed right before, and is still in the L1 when it is read.
 */
export function emitPacked(module: ModuleBuilder, spec: MatmulSpec, name?: string): Matmul {
  const layout = layoutOf(spec);
  const parts = emitParts(module, layout);
  const { plan, bufferBytes, stripsBytes, panelBytes } = layout;
  const run = emitRun(module, name, (body, inputs) => {
    new PackedWriter(layout, parts, body, inputs).write();
  });
  return {
    run,
    scratchBytes: bufferBytes + stripsBytes + plan.panelsPerBlock * panelBytes,
    rowBlocks: plan.strips,
    columnBlocks: plan.panels,
  };
}

/** The partition of a product, and the layout of its scratch: a tile, packed strips, packed panels. */
interface PackedLayout {
  readonly spec: MatmulSpec;
  readonly element: Element;
  readonly plan: Plan;
  /** Whether B is read in place, without packing, where its columns are neighbours. */
  readonly inPlace: boolean;
  /** Whether all panels of a block are packed before they are multiplied. */
  readonly packsAhead: boolean;
  readonly panelsPerBlock: number;
  readonly panelsPerEpilogue: number;
  readonly bufferBytes: number;
  readonly stripsBytes: number;
  readonly panelBytes: number;
}

function layoutOf(spec: MatmulSpec): PackedLayout {
  const element = elementOf(spec.dtype, spec.machine);
  const plan = planProduct(spec, element);
  const { tile, width, depth, stripsPerBlock, panelsAtOnce } = plan;
  const inPlace = spec.b.overlapping === true;
  const packsAhead = stripsPerBlock < plan.strips && !inPlace;
  const panelsPerBlock = packsAhead ? plan.panelsPerBlock : plan.panels;
  // The epilogue is applied to a part of C that still fits in the cache, and whose rows are as long as that allows.
  const columnBytes = Math.max(1, stripsPerBlock * tile.rows * element.size);
  const groups = Math.max(1, Math.floor(blockOfC / (columnBytes * width * panelsAtOnce)));
  return {
    spec,
    element,
    plan,
    inPlace,
    packsAhead,
    panelsPerBlock,
    panelsPerEpilogue: spec.epilogue === undefined ? panelsPerBlock : groups * panelsAtOnce,
    bufferBytes: Math.max(element.vectorBytes, tileBytes(plan, element)),
    stripsBytes: stripsPerBlock * stripBytes(plan, element),
    panelBytes: depth * width * element.size,
  };
}

/** The functions that a product's code calls. */
interface Parts {
  readonly packGroup: FunctionReference<null>;
  readonly packPanels: FunctionReference<null>;
  readonly multiplyPacked: FunctionReference<null>;
  readonly multiplyInPlace: FunctionReference<null> | null;
  readonly epilogue: FunctionReference<null> | null;
}

function emitParts(module: ModuleBuilder, { spec, element, plan, inPlace }: PackedLayout): Parts {
  const packGroup = emitPackGroup(module, element);
  const packPanels = emitPackPanels(module, element, plan, packGroup);
  const multiplyPacked = emitPanelProduct(module, spec, element, plan, "packed");
  const multiplyInPlace = inPlace ? emitPanelProduct(module, spec, element, plan, "inPlace") : null;
  const epilogue =
    spec.epilogue === undefined
      ? null
      : emitEpilogue(module, element, outputOf(spec, element), spec.epilogue);
  return { packGroup, packPanels, multiplyPacked, multiplyInPlace, epilogue };
}

/** A range of panels, of strips, or of steps of k. */
interface Range {
  readonly from: Int;
  readonly to: Int;
}

/** A block of k: its index, its first step, and its number of steps. */
interface DepthBlock {
  readonly index: Int;
  readonly start: Int;
  readonly steps: Int;
}

/** Writes the loops, with one method for each level. */
class PackedWriter {
  readonly #layout: PackedLayout;
  readonly #parts: Parts;
  readonly #body: FunctionBuilder;
  readonly #inputs: RunLocals;
  readonly #packedStrips: Local<"i32">;
  readonly #packedPanels: Local<"i32">;

  constructor(layout: PackedLayout, parts: Parts, body: FunctionBuilder, inputs: RunLocals) {
    this.#layout = layout;
    this.#parts = parts;
    this.#body = body;
    this.#inputs = inputs;
    this.#packedStrips = body.keep(plus(inputs.scratch, layout.bufferBytes));
    this.#packedPanels = body.keep(plus(this.#packedStrips, layout.stripsBytes));
  }

  write(): void {
    const { plan, panelsPerBlock, spec } = this.#layout;
    const { columnBlock, columnBlockEnd } = this.#inputs;
    const body = this.#body;
    this.#eachBlock({ from: columnBlock, to: columnBlockEnd }, panelsPerBlock, (panels) => {
      body.for({ to: i32.const(plan.depthBlocks) }, (index) => {
        const start = body.keep(times(index, plan.depth));
        const left = body.keep(i32.sub(i32.const(spec.k), start));
        const steps = body.keep(minimum(i32.const(plan.depth), left));
        this.#depthBlock(panels, { index, start, steps });
      });
    });
  }

  /** Multiplies one block of k of some panels. */
  #depthBlock(panels: Range, depth: DepthBlock): void {
    const { plan, packsAhead, panelsPerEpilogue, spec } = this.#layout;
    const { rowBlock, rowBlockEnd } = this.#inputs;
    if (packsAhead) {
      this.#eachPart(depth, spec.b.layout === "rowsContiguous", (from, count) => {
        this.#body.for({ ...panels, step: plan.panelsAtOnce }, (panel) => {
          this.#packPanel(panel, this.#body.keep(this.#panelAddress(panels, panel)), depth, from, count);
        });
      });
    }
    this.#eachBlock({ from: rowBlock, to: rowBlockEnd }, plan.stripsPerBlock, (strips) => {
      this.#packStrips(strips, depth);
      this.#eachBlock(panels, panelsPerEpilogue, (group) => {
        this.#eachBlock(group, plan.panelsAtOnce, (together) => {
          this.#multiply(panels, together, strips, depth);
        });
        this.#finish(strips, group, depth);
      });
    });
  }

  #packStrips(strips: Range, depth: DepthBlock): void {
    const { plan, element, spec } = this.#layout;
    this.#eachPart(depth, spec.a.layout === "columnsContiguous", (from, count) => {
      this.#body.for(strips, (strip) => {
        const offset = times(i32.sub(strip, strips.from), stripBytes(plan, element));
        this.#packStrip(strip, i32.add(this.#packedStrips, offset), depth, from, count);
      });
    });
  }

  /** Multiplies some strips by a few panels, which are packed first unless all panels are packed ahead. */
  #multiply(panels: Range, { from: panel, to: panelEnd }: Range, strips: Range, depth: DepthBlock): void {
    const { plan, packsAhead, spec } = this.#layout;
    const { multiplyPacked, multiplyInPlace } = this.#parts;
    const body = this.#body;
    const column = body.keep(times(panel, plan.width));
    const columnEnd = body.keep(times(panelEnd, plan.width));
    columnEnd.set(minimum(columnEnd, i32.const(spec.n)));
    const columns = { from: column, to: columnEnd };
    const multiplyPanels = (): void => {
      const packed = body.keep(this.#panelAddress(panels, panel));
      if (!packsAhead) this.#packPanel(panel, packed, depth, i32.const(0), depth.steps);
      this.#call(multiplyPacked, packed, strips, columns, depth);
    };
    if (multiplyInPlace === null) {
      multiplyPanels();
      return;
    }
    const multiplyWhereItLies = (): void => {
      this.#call(multiplyInPlace, this.#inputs.b, strips, columns, depth);
    };
    body.if(this.#areNeighbours(columns), multiplyWhereItLies, multiplyPanels);
  }

  /** Whether the columns of a whole panel are neighbours in B, vector by vector. */
  #areNeighbours(columns: Range): Int {
    const { plan, element } = this.#layout;
    const body = this.#body;
    const vectors = Array.from({ length: plan.tile.vectors }, (_, j) =>
      consecutive(element, entry(this.#inputs.bColumns, plus(columns.from, j * element.lanes))),
    );
    const neighbours = vectors.reduce((x, y) => i32.and(x, y));
    const whole = i32.eq(i32.sub(columns.to, columns.from), i32.const(plan.width));
    // Only a whole panel is tested, because the table of columns ends with the last column.
    const together = body.local("i32");
    together.set(i32.const(0));
    body.if(whole, () => {
      together.set(neighbours);
    });
    return together;
  }

  #call(multiply: FunctionReference<null>, b: Int, strips: Range, columns: Range, depth: DepthBlock): void {
    const { bRows, bColumns, c, cRows, cColumns, scratch } = this.#inputs;
    const tables = [entry(bRows, depth.start), bColumns];
    const range = [strips.from, strips.to, columns.from, columns.to];
    const output = [c, cRows, cColumns, scratch];
    this.#body.call(
      multiply,
      this.#packedStrips,
      b,
      ...tables,
      depth.steps,
      ...output,
      ...range,
      depth.index,
    );
  }

  /** Applies the epilogue to a part of C if all of its sums are complete. */
  #finish(strips: Range, panels: Range, depth: DepthBlock): void {
    const { epilogue } = this.#parts;
    if (epilogue === null) return;
    const { plan, spec } = this.#layout;
    const { c, cRows, cColumns, context } = this.#inputs;
    const body = this.#body;
    body.if(i32.eq(depth.index, i32.const(plan.depthBlocks - 1)), () => {
      const columnEnd = minimum(body.keep(times(panels.to, plan.width)), i32.const(spec.n));
      const rows = [firstRowOf(strips.from, plan), firstRowOf(strips.to, plan)];
      const columns = [times(panels.from, plan.width), columnEnd];
      body.call(epilogue, c, cRows, cColumns, context, ...rows, ...columns);
    });
  }

  /** Packs `count` steps of a panel, from step `from` of the block on. */
  #packPanel(panel: Int, target: Int, depth: DepthBlock, from: Int, count: Int): void {
    const { plan, element, spec } = this.#layout;
    const { b, bRows, bColumns } = this.#inputs;
    const column = this.#body.keep(times(panel, plan.width));
    this.#body.call(
      this.#parts.packPanels,
      b,
      entry(bColumns, column),
      i32.sub(i32.const(spec.n), column),
      entry(bRows, i32.add(depth.start, from)),
      count,
      i32.add(target, times(from, plan.width * element.size)),
    );
  }

  /** Packs `count` steps of a strip, from step `from` of the block on. */
  #packStrip(strip: Int, target: Int, depth: DepthBlock, from: Int, count: Int): void {
    const { plan, element } = this.#layout;
    const { lanes, size } = element;
    const { a, aRows, aColumns } = this.#inputs;
    const body = this.#body;
    const row = body.keep(firstRowOf(strip, plan));
    const height = body.keep(heightOf(strip, plan));
    const step = body.keep(times(height, size));
    const first = body.keep(i32.add(target, i32.mul(from, step)));
    // From the last group to the first, because a group writes past its own rows.
    for (let g = Math.floor((plan.tile.rows - 1) / lanes) * lanes; g >= 0; g -= lanes) {
      body.if(i32.greaterSigned(height, i32.const(g)), () => {
        const rows = [entry(aRows, plus(row, g)), plus(height, -g)];
        const columns = [entry(aColumns, i32.add(depth.start, from)), count];
        body.call(this.#parts.packGroup, a, ...rows, ...columns, plus(first, g * size), step);
      });
    }
  }

  /** The address at which a panel is packed: its slot in the block if panels are packed ahead, else always the same. */
  #panelAddress(panels: Range, panel: Int): Int {
    const { packsAhead, panelBytes } = this.#layout;
    const offset = times(i32.sub(panel, panels.from), panelBytes);
    return packsAhead ? i32.add(this.#packedPanels, offset) : this.#packedPanels;
  }

  /** Loops over the steps of a block of k: a few at a time if lines are neighbours, else all at once. */
  #eachPart({ steps }: DepthBlock, neighbours: boolean, write: (from: Int, count: Int) => void): void {
    const most = neighbours ? stepsAtOnce : this.#layout.plan.depth;
    this.#eachBlock({ from: i32.const(0), to: steps }, most, ({ from, to }) => {
      write(from, this.#body.keep(i32.sub(to, from)));
    });
  }

  /** Loops over a range, one block at a time. */
  #eachBlock({ from, to }: Range, step: number, write: (block: Range) => void): void {
    this.#body.for({ from, to, step: Math.max(1, step) }, (first) => {
      const end = this.#body.keep(plus(first, step));
      end.set(minimum(end, to));
      write({ from: first, to: end });
    });
  }
}
