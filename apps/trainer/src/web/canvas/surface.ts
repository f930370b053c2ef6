// The one renderer of all pictures and charts: plain calls on a 2D canvas, in CSS pixels, with the colours of the tokens.

export type XY = readonly [x: number, y: number];

const colorNames = [
  "paper", "surface", "sunken", "line", "edge", "ink", "ink-2", "attempt", "ghost", "goal", "goal-fill", "mistake", "blame",
  "promise", "paid-helped", "paid-hurt", "plus", "minus", "goal-tint", "mistake-tint", "blame-tint", "plus-tint",
  "helped-tint", "hurt-tint", "on-loud", "focus",
] as const; // prettier-ignore

export type ColorName = (typeof colorNames)[number];
export type Colors = Readonly<Record<ColorName, string>>;

/** Reads the colours of the present theme. */
export function readColors(element: Element): Colors {
  const style = getComputedStyle(element);
  return Object.fromEntries(
    colorNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Colors;
}

/** Something in a picture that can be pointed at. */
export interface Mark {
  readonly id: string;
  /** What it is, for a reader of the screen and in a tip. */
  readonly label: string;
  /** The places where it is drawn: a point and how near the pointer must be, or a line. */
  readonly at: XY;
  readonly to?: XY;
  readonly reach?: number;
  /** Whether Tab passes it by: there are too many of its kind, and keys reach it in another way. */
  readonly isQuiet?: boolean;
}

export interface Line {
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
  readonly cap?: CanvasLineCap;
}

export interface Words {
  readonly size?: 12 | 13;
  readonly bold?: boolean;
  readonly align?: CanvasTextAlign;
  /** The background behind the letters, so that lines do not cross them. Default: none. */
  readonly halo?: boolean;
}

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

export class Surface {
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
  readonly marks: Mark[] = [];
  /** The mark that is lit, by a pointer or the focus. */
  readonly lit: string | null;
  readonly #context: CanvasRenderingContext2D;
  readonly #background: string;

  constructor(
    canvas: HTMLCanvasElement,
    size: { readonly width: number; readonly height: number },
    look: { readonly colors: Colors; readonly lit: string | null; readonly background: ColorName },
  ) {
    const { width, height } = size;
    const ratio = globalThis.devicePixelRatio || 1;
    const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== pixelsWide) canvas.width = pixelsWide;
    if (canvas.height !== pixelsHigh) canvas.height = pixelsHigh;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser cannot draw on a canvas");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.lineJoin = "round";
    this.#context = context;
    this.width = width;
    this.height = height;
    this.colors = look.colors;
    this.lit = look.lit;
    this.#background = look.colors[look.background];
  }

  /** Whether there is room for words beside marks. */
  get isRoomy(): boolean {
    return this.width > 420;
  }

  path(points: readonly XY[], color: ColorName, line: Line = {}): void {
    const context = this.#pen(color, line);
    context.beginPath();
    points.forEach(([x, y], i) => {
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.stroke();
    context.globalAlpha = 1;
  }

  /** A closed area. */
  area(
    points: readonly XY[],
    fill: ColorName,
    options: { opacity?: number; edge?: ColorName; width?: number } = {},
  ): void {
    const context = this.#context;
    context.globalAlpha = options.opacity ?? 1;
    context.fillStyle = this.colors[fill];
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    context.fill();
    context.globalAlpha = 1;
    if (options.edge === undefined) return;
    this.#pen(options.edge, { width: options.width ?? 1.5 });
    context.stroke();
  }

  /** A promise: an area filled with slanted lines. */
  hatch(points: readonly XY[], color: ColorName): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    context.clip();
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    for (let x = left - (bottom - top); x < right; x += 6) {
      this.path(
        [
          [x, bottom],
          [x + bottom - top, top],
        ],
        color,
        { width: 1.3 },
      );
    }
    context.restore();
    this.path([...points, points[0]], color, { width: 1.5 });
  }

  dot([x, y]: XY, radius: number, fill: ColorName, edge?: ColorName, width = 2): void {
    const context = this.#context;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = this.colors[fill];
    context.fill();
    if (edge === undefined) return;
    this.#pen(edge, { width });
    context.stroke();
  }

  /** A square picture of values from 0 (nothing) to 1 (all of the colour), row by row. */
  ink([x, y]: XY, size: number, values: ArrayLike<number>, color: ColorName): void {
    const side = Math.sqrt(values.length);
    const behind = behindCanvas(side, side);
    if (behind === null) return;
    const { canvas, pen, picture } = behind;
    // A canvas writes any colour as #rrggbb.
    pen.fillStyle = this.colors[color];
    const rgb = Number.parseInt(pen.fillStyle.slice(1), 16);
    const { data } = picture;
    for (let i = 0; i < values.length; i++) {
      data[4 * i] = rgb >> 16;
      data[4 * i + 1] = (rgb >> 8) & 255;
      data[4 * i + 2] = rgb & 255;
      data[4 * i + 3] = 255 * values[i];
    }
    pen.putImageData(picture, 0, 0);
    const context = this.#context;
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, x, y, size, size);
  }

  /** The edge of a rectangle. */
  frame([x, y]: XY, [width, height]: readonly [number, number], color: ColorName, line: Line = {}): void {
    const [right, bottom] = [x + width, y + height];
    this.path([[x, y], [right, y], [right, bottom], [x, bottom], [x, y]], color, { width: 1, ...line }); // prettier-ignore
  }

  /** A part of a circle, counter-clockwise for positive angles, as in the drawing. */
  arc([x, y]: XY, radius: number, from: number, to: number, color: ColorName, width = 2): void {
    const context = this.#pen(color, { width });
    context.beginPath();
    context.arc(x, y, radius, -from, -to, to > from);
    context.stroke();
  }

  /** The tip of an arrow. */
  tip([x, y]: XY, angle: number, size: number, color: ColorName): void {
    const corner = (turn: number): XY => [
      x + size * Math.cos(angle + turn),
      y + size * Math.sin(angle + turn),
    ];
    this.area([[x, y], corner(Math.PI - 0.42), corner(Math.PI + 0.42)], color);
  }

  arrow(from: XY, to: XY, color: ColorName, line: Line & { readonly size?: number } = {}): void {
    const { size = 10 } = line;
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const tip = Math.min(size, length);
    this.path(
      [from, [to[0] - 0.8 * tip * Math.cos(angle), to[1] - 0.8 * tip * Math.sin(angle)]],
      color,
      line,
    );
    this.tip(to, angle, tip, color);
  }

  text([x, y]: XY, words: string, color: ColorName, options: Words = {}): void {
    const { size = 13, bold = false, align = "center", halo = false } = options;
    const context = this.#context;
    context.font = `${bold ? 650 : 400} ${size}px ${font}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    // Words stay inside of the picture.
    const wide = context.measureText(words).width;
    const before = align === "center" ? wide / 2 : align === "right" || align === "end" ? wide : 0;
    const inside = Math.max(before + 2, Math.min(x, this.width - (wide - before) - 2));
    const [left, middle] = [inside, Math.max(size / 2 + 1, Math.min(y, this.height - size / 2 - 1))];
    if (halo) {
      context.strokeStyle = this.#background;
      context.lineWidth = 4;
      context.setLineDash([]);
      context.strokeText(words, left, middle);
    }
    context.fillStyle = this.colors[color];
    context.fillText(words, left, middle);
  }

  /** Bold words on a piece of the background, for where lines would cross them. */
  plate([x, y]: XY, words: string, color: ColorName): void {
    const context = this.#context;
    context.font = `650 13px ${font}`;
    const half = context.measureText(words).width / 2 + 4;
    const middle = Math.max(half + 2, Math.min(x, this.width - half - 2));
    context.fillStyle = this.#background;
    context.fillRect(middle - half, y - 9, 2 * half, 18);
    this.text([middle, y], words, color, { bold: true });
  }

  /** A word on a coloured pill. */
  pill([x, y]: XY, words: string, fill: ColorName): void {
    const context = this.#context;
    context.font = `650 13px ${font}`;
    const half = context.measureText(words).width / 2 + 10;
    const middle = Math.max(half + 2, Math.min(x, this.width - half - 2));
    context.fillStyle = this.colors[fill];
    context.beginPath();
    context.roundRect(middle - half, y - 12, 2 * half, 24, 12);
    context.fill();
    this.text([middle, y], words, "on-loud", { bold: true });
  }

  /** A numbered corner. */
  disc(at: XY, words: string, fill: ColorName, ink: ColorName = "paper", radius = 9.5): void {
    this.dot(at, radius, fill);
    this.text([at[0], at[1] + 0.5], words, ink, { size: 12, bold: true });
  }

  /** What the lit mark is, in the lower left corner; in two lines where one is too long. */
  caption(): void {
    const label = this.marks.find(({ id }) => id === this.lit)?.label;
    if (label === undefined) return;
    this.#context.font = `650 12px ${font}`;
    const isLong = this.#context.measureText(label).width > this.width - 16;
    const middle = isLong ? label.indexOf(" ", label.length / 2) : label.length;
    const lines = [label.slice(0, middle), label.slice(middle + 1)].filter((line) => line !== "");
    lines.forEach((line, i) => {
      const y = this.height - 10 - 16 * (lines.length - 1 - i);
      this.text([8, y], line, "ink", { size: 12, bold: true, align: "left", halo: true });
    });
  }

  /** Makes something that was drawn a mark, and draws a ring around it while it is lit. */
  mark(mark: Mark): void {
    this.marks.push(mark);
    if (this.lit !== mark.id) return;
    if (mark.to === undefined) this.ring(mark.at, (mark.reach ?? 10) + 3);
    else this.path([mark.at, mark.to], "focus", { width: 9, opacity: 0.45, cap: "round" });
  }

  /** A picture of so many pixels, in a box. `paint` sets the red, green, blue and opacity of every one. */
  pixels(
    [x, y, width, height]: readonly [x: number, y: number, width: number, height: number],
    paint: (image: ImageData) => void,
  ): void {
    const behind = behindCanvas(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)));
    if (behind === null) return;
    paint(behind.picture);
    behind.pen.putImageData(behind.picture, 0, 0);
    this.#context.drawImage(behind.canvas, x, y, width, height);
  }

  ring(middle: XY, radius: number): void {
    this.circle(middle, radius, "focus", 3);
  }

  circle([x, y]: XY, radius: number, color: ColorName, width = 2): void {
    const context = this.#pen(color, { width });
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }

  #pen(
    color: ColorName,
    { width = 2, dash = [], opacity = 1, cap = "round" }: Line,
  ): CanvasRenderingContext2D {
    const context = this.#context;
    context.strokeStyle = this.colors[color];
    context.lineWidth = width;
    context.lineCap = dash.length > 0 ? "butt" : cap;
    context.setLineDash([...dash]);
    context.globalAlpha = opacity;
    return context;
  }
}

/** A canvas that is not on the page, for pictures of single pixels. */
interface BehindCanvas {
  readonly canvas: OffscreenCanvas;
  readonly pen: OffscreenCanvasRenderingContext2D;
  /** All pixels of the canvas. They have the values of the picture before. */
  readonly picture: ImageData;
}

/** They are used again for every picture of their size: a new canvas for each neuron of each try would be most of the work of a try. */
const behindCanvases = new Map<string, BehindCanvas>();
const mostBehind = 24;

function behindCanvas(width: number, height: number): BehindCanvas | null {
  const size = `${width} ${height}`;
  const made = behindCanvases.get(size);
  if (made !== undefined) return made;
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) return null;
  // While a window is resized, there is a new size in every frame.
  if (behindCanvases.size >= mostBehind) behindCanvases.clear();
  const behind = { canvas, pen, picture: new ImageData(width, height) };
  behindCanvases.set(size, behind);
  return behind;
}

/** The mark nearest to a point, if the point is near enough to touch it. */
export function markAt(marks: readonly Mark[], point: XY): Mark | null {
  const distances = marks.map((mark) => distanceTo(mark, point) - (mark.reach ?? 10));
  const nearest = distances.indexOf(Math.min(...distances));
  return nearest >= 0 && distances[nearest] <= 4 ? marks[nearest] : null;
}

function distanceTo({ at, to }: Mark, [x, y]: XY): number {
  if (to === undefined) return Math.hypot(x - at[0], y - at[1]);
  const [dx, dy] = [to[0] - at[0], to[1] - at[1]];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - at[0]) * dx + (y - at[1]) * dy) / length));
  return Math.hypot(x - at[0] - t * dx, y - at[1] - t * dy);
}
