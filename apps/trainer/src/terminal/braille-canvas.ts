/** A drawing layer. Where two layers meet in a character, the higher one decides its style. */
export type CanvasLayer = 1 | 2 | 3;

export type Point = readonly [x: number, y: number];

/** A sequence of neighbouring characters of one layer; layer 0 is empty paper. */
export interface TextRun {
  readonly layer: CanvasLayer | 0;
  readonly text: string;
}

/** The bit of each dot in a braille character (Unicode: U+2800 plus the bits), by row, then column. */
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/**
 * A canvas for line drawings in a terminal. Each character has 2 × 4 braille dots, so the distances between dots are
 * about equal in both directions. The square [−extent, extent]², y upwards, is drawn as large as possible; points outside
 * the canvas are not drawn.
 */
export class BrailleCanvas {
  readonly columns: number;
  readonly rows: number;
  readonly #extent: number;
  readonly #dots: Uint8Array;
  readonly #layers: Uint8Array;
  readonly #labels = new Map<number, TextRun>();

  constructor({ columns, rows, extent }: { columns: number; rows: number; extent: number }) {
    this.columns = columns;
    this.rows = rows;
    this.#extent = extent;
    this.#dots = new Uint8Array(columns * rows);
    this.#layers = new Uint8Array(columns * rows);
  }

  /** Draws straight strokes from point to point, setting every `spacing`-th dot: 1 is solid, more is dotted. */
  polyline(points: readonly Point[], layer: CanvasLayer, spacing = 1): void {
    let drawn = 0;
    for (let i = 1; i < points.length; i++) {
      const [fromX, fromY] = this.#dotAt(points[i - 1]);
      const [toX, toY] = this.#dotAt(points[i]);
      const dots = Math.ceil(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1));
      // A line this long lies outside the canvas. It comes from a diverged training, and would take very long to draw.
      if (!(dots < 10_000)) continue;
      for (let dot = 0; dot <= dots; dot++) {
        if (drawn++ % spacing !== 0) continue;
        this.#set(fromX + ((toX - fromX) * dot) / dots, fromY + ((toY - fromY) * dot) / dots, layer);
      }
    }
  }

  /** Sets the dot at a point. */
  dot(at: Point, layer: CanvasLayer): void {
    this.#set(...this.#dotAt(at), layer);
  }

  /** Writes a short text, centred at a point. Only characters without dots show it. */
  label(text: string, at: Point, layer: CanvasLayer): void {
    const [x, y] = this.#dotAt(at);
    const column = Math.round(x / 2 - text.length / 2);
    const row = Math.floor(y / 4);
    for (let i = 0; i < text.length; i++) {
      if (!this.#isOnPaper(column + i, row)) continue;
      this.#labels.set(row * this.columns + column + i, { layer, text: text[i] });
    }
  }

  /** The drawing, line by line. All lines are `columns` characters long. */
  lines(): TextRun[][] {
    return Array.from({ length: this.rows }, (_, row) => {
      const runs: { layer: CanvasLayer | 0; text: string }[] = [];
      for (let column = 0; column < this.columns; column++) {
        const { layer, text } = this.#characterAt(row * this.columns + column);
        const last = runs.at(-1);
        if (last?.layer === layer) last.text += text;
        else runs.push({ layer, text });
      }
      return runs;
    });
  }

  #characterAt(cell: number): TextRun {
    const dots = this.#dots[cell];
    if (dots === 0) return this.#labels.get(cell) ?? { layer: 0, text: " " };
    return { layer: this.#layers[cell] as CanvasLayer, text: String.fromCodePoint(0x2800 + dots) };
  }

  #dotAt([x, y]: Point): [x: number, y: number] {
    const scale = Math.min(2 * this.columns, 4 * this.rows) / (2 * this.#extent);
    return [this.columns + x * scale, 2 * this.rows - y * scale];
  }

  #set(x: number, y: number, layer: CanvasLayer): void {
    const [column, row] = [Math.floor(x / 2), Math.floor(y / 4)];
    if (!this.#isOnPaper(column, row)) return;
    const cell = row * this.columns + column;
    this.#dots[cell] |= dotBits[Math.floor(y) % 4][Math.floor(x) % 2];
    this.#layers[cell] = Math.max(this.#layers[cell], layer);
  }

  #isOnPaper(column: number, row: number): boolean {
    return column >= 0 && column < this.columns && row >= 0 && row < this.rows;
  }
}
