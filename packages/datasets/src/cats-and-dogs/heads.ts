import type { Point, Stroke } from "../drawing.js";
import { move, type Pen } from "./pen.js";

/*
 * Heads about as large as a circle of radius 1 around (0, 0). From the front, `look` is how far the face is turned to a side: the
 * parts of the face are shifted by it.
 */

/** A wide head with ears that end in a point, a small nose and whiskers. */
export function catFace(pen: Pen, look: number): Stroke[] {
  const [width, height] = [pen.between(0.98, 1.15), pen.between(0.78, 0.92)];
  const [tip, spread, thick] = [pen.between(1.35, 1.75), pen.between(0.62, 0.9), pen.between(0.26, 0.36)];
  const hasInnerEars = pen.happens(0.4);
  const ears = [-1, 1].flatMap((side) => {
    const [x, lean] = [side * 0.62 * width, side * (spread - 0.62)];
    const [low, high] = [height * 0.6, height * 0.85];
    const outer = pen.polygon(
      "paper",
      [x + side * thick, low - 0.2],
      [x + lean, tip],
      [x - side * thick * 1.3, high - 0.1],
    );
    const inner = pen.polygon(
      "none",
      [x + side * 0.14, low + 0.15],
      [x + lean * 0.9, tip - 0.3],
      [x - side * 0.14, high],
    );
    return hasInnerEars ? [outer, inner] : [outer];
  });
  const cheek = pen.between(-0.35, -0.1);
  const head = pen.shape(
    "paper",
    [0, height],
    [-0.6 * width, height * 0.8],
    [-width, cheek + 0.25],
    [-0.85 * width, cheek - 0.3],
    [-0.35 * width, -height],
    [0.35 * width, -height],
    [0.85 * width, cheek - 0.3],
    [width, cheek + 0.25],
    [0.6 * width, height * 0.8],
  );
  const nose = pen.between(-0.3, -0.12);
  return [
    ...ears,
    head,
    ...eyes(pen, look, { apart: pen.between(0.36, 0.48), y: pen.between(0.08, 0.25), round: false }),
    pen.polygon("ink", [look - 0.1, nose + 0.07], [look + 0.1, nose + 0.07], [look, nose - 0.07]),
    pen.line([look - 0.3, nose - 0.3], [look - 0.15, nose - 0.36], [look, nose - 0.12]),
    pen.line([look + 0.3, nose - 0.3], [look + 0.15, nose - 0.36], [look, nose - 0.12]),
    ...whiskers(pen, look, nose),
    ...stripes(pen, look, height),
  ];
}

/** Thin lines that leave the cheeks on both sides. */
function whiskers(pen: Pen, look: number, nose: number): Stroke[] {
  const [count, rise, length] = [pen.happens(0.5) ? 3 : 2, pen.between(-0.1, 0.15), pen.between(0.85, 1.2)];
  return [-1, 1].flatMap((side) =>
    Array.from({ length: count }, (_, i): Stroke => {
      const step = i - (count - 1) / 2;
      const from: Point = [look + side * 0.35, nose - 0.12 - 0.08 * step];
      const to: Point = [look + side * (0.35 + length), nose - 0.1 + rise - 0.3 * step];
      return thin(pen.line(from, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2 + 0.05], to));
    }),
  );
}

/** The marks of a tabby. */
function stripes(pen: Pen, look: number, height: number): Stroke[] {
  if (!pen.happens(0.35)) return [];
  return [-0.22, 0, 0.22].map((x) =>
    pen.line([look / 2 + x, height * 0.85], [look / 2 + x * 0.8, height * 0.5]),
  );
}

/** A long head with ears that hang down, a muzzle with a large nose, and often a tongue. */
export function dogFace(pen: Pen, look: number): Stroke[] {
  const [width, height] = [pen.between(0.72, 0.9), pen.between(0.9, 1.05)];
  const jaw = pen.between(0.5, 0.72) * width;
  const head = pen.shape(
    "paper",
    [0, height],
    [-0.65 * width, height * 0.8],
    [-width, 0.15],
    [-jaw - 0.1, -0.55 * height],
    [-jaw * 0.6, -height],
    [jaw * 0.6, -height],
    [jaw + 0.1, -0.55 * height],
    [width, 0.15],
    [0.65 * width, height * 0.8],
  );
  const [hang, wide] = [pen.between(-0.75, -0.1), pen.between(0.28, 0.42)];
  const isFilled = pen.happens(0.3);
  const ears = [-1, 1].map((side) =>
    pen.shape(
      isFilled ? "ink" : "paper",
      [side * 0.55 * width, height * 0.88],
      [side * (width + wide * 0.6), height * 0.7],
      [side * (width + wide), (height * 0.7 + hang) / 2],
      [side * (width + wide * 0.6), hang],
      [side * (width - 0.08), hang + 0.15],
      [side * (width - 0.15), height * 0.4],
    ),
  );
  const nose = pen.between(-0.3, -0.12);
  const mouth = nose - pen.between(0.35, 0.45);
  const snout = pen.ellipse("paper", [look, nose - 0.2], pen.between(0.42, 0.55), pen.between(0.4, 0.5));
  return [
    head,
    ...patch(pen, look),
    ...(pen.happens(0.6) ? [snout] : []),
    ...eyes(pen, look * 0.8, { apart: pen.between(0.3, 0.42), y: pen.between(0.22, 0.4), round: true }),
    ...tongue(pen, look, mouth),
    pen.line([look, nose], [look, mouth]),
    pen.line(
      [look - 0.32, mouth + 0.06],
      [look - 0.16, mouth - 0.05],
      [look, mouth],
      [look + 0.16, mouth - 0.05],
      [look + 0.32, mouth + 0.06],
    ),
    pen.ellipse("ink", [look, nose], pen.between(0.17, 0.25), pen.between(0.12, 0.17)),
    ...ears,
  ];
}

/** A dark patch around one eye. */
function patch(pen: Pen, look: number): Stroke[] {
  if (!pen.happens(0.15)) return [];
  const side = pen.happens(0.5) ? -1 : 1;
  return [pen.ellipse("none", [look + side * 0.36, 0.32], 0.27, 0.33)];
}

function tongue(pen: Pen, look: number, mouth: number): Stroke[] {
  if (!pen.happens(0.45)) return [];
  const [width, length] = [0.15, pen.between(0.25, 0.45)];
  return [
    pen.shape(
      "paper",
      [look - width, mouth],
      [look - width, mouth - length],
      [look, mouth - length - 0.1],
      [look + width, mouth - length],
      [look + width, mouth],
    ),
  ];
}

/** Two eyes: open, as dots, or closed. Those of a cat are slanted. */
function eyes(
  pen: Pen,
  look: number,
  { apart, y, round }: { apart: number; y: number; round: boolean },
): Stroke[] {
  const kind = pen.between(0, 1);
  const size = pen.between(0.09, 0.15);
  return [-1, 1].flatMap((side) => {
    const x = look + side * apart;
    if (kind < 0.2) return [pen.line([x - 0.17, y], [x, y + 0.1], [x + 0.17, y])];
    if (kind < 0.6) return [pen.ellipse("ink", [x, y], size, size * (round ? 1.1 : 1.3))];
    const tilt = round ? 0 : side * 0.06;
    const outline = pen.ellipse("paper", [0, 0], size * 1.8, size * (round ? 1.8 : 1.3));
    const pupil = pen.ellipse("ink", [0, 0], size * (round ? 0.8 : 0.4), size);
    return move([outline, pupil], { x, y, turn: tilt * 3 });
  });
}

/** A round head from the side, looking to the right, with two pointed ears, a flat nose and whiskers. */
export function catProfile(pen: Pen): Stroke[] {
  const [tip, chin] = [pen.between(1.35, 1.65), pen.between(-0.9, -0.75)];
  const snout = pen.between(0.95, 1.05);
  const ear = (x: number): Stroke => pen.polygon("paper", [x - 0.34, 0.6], [x - 0.02, tip], [x + 0.32, 0.6]);
  const head = pen.shape(
    "paper",
    [-0.15, 0.88],
    [-0.9, 0.4],
    [-0.9, -0.4],
    [-0.2, chin],
    [0.5, chin + 0.05],
    [snout - 0.08, -0.55],
    [snout + 0.02, -0.25],
    [snout - 0.15, 0.02],
    [0.8, 0.4],
    [0.4, 0.82],
  );
  const [length, rise] = [pen.between(0.7, 1), pen.between(-0.1, 0.1)];
  return [
    ear(0.35),
    ear(-0.42),
    head,
    ...profileEye(pen, [0.4, 0.28]),
    pen.polygon("ink", [snout - 0.14, -0.04], [snout + 0.06, -0.12], [snout - 0.06, -0.28]),
    pen.line([snout - 0.08, -0.3], [snout - 0.2, -0.45], [snout - 0.45, -0.4]),
    ...[-0.2, 0, 0.2].flatMap((step) => [
      thin(pen.line([0.75, -0.3 + step / 3], [0.75 + length, -0.3 + step + rise])),
      thin(pen.line([0.5, -0.32 + step / 3], [0.5 - length * 0.8, -0.32 + step - rise])),
    ]),
  ];
}

function thin(stroke: Stroke): Stroke {
  return { ...stroke, width: 0.7 };
}

/** A head from the side, looking to the right, with a long muzzle that ends in the nose. The ear hangs, or now and then stands. */
export function dogProfile(pen: Pen): Stroke[] {
  const [snout, stop] = [pen.between(1.5, 1.85), pen.between(-0.02, 0.18)];
  const open = pen.happens(0.4) ? pen.between(0.15, 0.3) : 0;
  const head = pen.shape(
    "paper",
    [-0.2, 0.8],
    [-0.75, 0.35],
    [-0.75, -0.4],
    [-0.1, -0.75],
    [0.7, -0.62 - open],
    [snout - 0.25, -0.5 - open],
    [snout - 0.1, -0.15],
    [snout - 0.05, stop - 0.02],
    [0.8, stop + 0.08],
    [0.4, 0.75],
  );
  const isFilled = pen.happens(0.5);
  const stands = pen.happens(0.2);
  const hang = pen.between(-0.6, -0.2);
  const ear = stands
    ? pen.polygon("paper", [-0.55, 0.5], [-0.5, pen.between(1.3, 1.5)], [0.05, 0.7])
    : pen.shape(
        isFilled ? "ink" : "paper",
        [0, 0.6],
        [-0.35, 0.55],
        [-0.55, 0.1],
        [-0.5, hang],
        [-0.2, hang - 0.05],
        [0.02, 0.15],
      );
  const gape =
    open > 0
      ? [pen.line([snout - 0.2, -0.2], [0.8, -0.3], [0.55, -0.38])]
      : [pen.line([snout - 0.15, -0.28], [0.6, -0.33])];
  return [
    head,
    ...profileEye(pen, [0.36, 0.36]),
    ...gape,
    pen.ellipse("ink", [snout - 0.08, stop - 0.08], pen.between(0.15, 0.21), pen.between(0.13, 0.18)),
    ear,
  ];
}

function profileEye(pen: Pen, at: Point): Stroke[] {
  if (pen.happens(0.2))
    return [pen.line([at[0] - 0.15, at[1]], [at[0], at[1] - 0.08], [at[0] + 0.15, at[1]])];
  return [pen.ellipse("ink", at, pen.between(0.08, 0.13))];
}
