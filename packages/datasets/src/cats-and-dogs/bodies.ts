import type { Point, Stroke } from "../drawing.js";
import { catFace, catProfile, dogFace, dogProfile } from "./heads.js";
import { move, type Pen } from "./pen.js";

export type Animal = "cat" | "dog";

/** An animal in any pose, anywhere. */
export interface Figure {
  readonly body: readonly Stroke[];
  readonly head: readonly Stroke[];
}

/** Draws one of the poses. */
export function figure(pen: Pen, animal: Animal): Figure {
  const pose = pen.between(0, 1);
  if (pose < 0.35) return { body: [], head: front(pen, animal) };
  if (pose < 0.5) return { body: neck(pen), head: side(pen, animal) };
  return pose < 0.75 ? sitting(pen, animal) : standing(pen, animal);
}

function front(pen: Pen, animal: Animal): Stroke[] {
  const look = pen.between(-0.25, 0.25);
  return animal === "cat" ? catFace(pen, look) : dogFace(pen, look);
}

function side(pen: Pen, animal: Animal): Stroke[] {
  return animal === "cat" ? catProfile(pen) : dogProfile(pen);
}

/** Two lines below a head that is seen from the side. */
function neck(pen: Pen): Stroke[] {
  const length = pen.between(1.1, 1.7);
  return [
    pen.line([-0.7, -0.2], [-0.75, -0.8], [-1, -length]),
    pen.line([0.1, -0.6], [0.15, -1], [0.4, -length]),
  ];
}

/** Sits and looks at us: a pear with two legs in front, and the tail at one side. */
function sitting(pen: Pen, animal: Animal): Figure {
  const [wide, high] = [pen.between(0.85, 1.15), pen.between(1.7, 2.2)];
  const shoulder = pen.between(0.5, 0.65);
  const body = pen.shape(
    "paper",
    [0, 0],
    [-shoulder, -0.4],
    [-wide, -0.7 * high],
    [-0.8 * wide, -high],
    [0.8 * wide, -high],
    [wide, -0.7 * high],
    [shoulder, -0.4],
  );
  const gap = pen.between(0.12, 0.3);
  const legs = [-1, 1].flatMap((at) => [
    pen.line([at * gap, -0.45 * high], [at * gap * 0.8, -high]),
    pen.ellipse("paper", [at * (gap + 0.15), -high], 0.24, 0.13),
  ]);
  const tail = move(
    [
      animal === "cat"
        ? pen.line(
            [wide * 0.7, -high],
            [wide + 0.5, -high + 0.05],
            [wide + pen.between(0.5, 0.8), -high + 0.7],
            [wide + pen.between(0.2, 0.9), -high + pen.between(1.2, 1.6)],
          )
        : dogTail(pen, [wide * 0.85, -high + 0.25]),
    ],
    { mirrored: pen.happens(0.5) },
  );
  const [head, tilt] = [pen.between(0.55, 0.75), pen.between(-0.25, 0.25)];
  const face = front(pen, animal);
  return { body: [...tail, body, ...legs], head: move(face, { y: head, turn: tilt }) };
}

/** A short tail with some thickness, which rises. */
function dogTail(pen: Pen, [x, y]: Point): Stroke {
  const [rise, out, thick] = [pen.between(0.4, 0.75), pen.between(0.35, 0.6), pen.between(0.1, 0.18)];
  return pen.shape(
    "paper",
    [x - thick, y],
    [x + out * 0.6, y + rise * 0.4],
    [x + out, y + rise],
    [x + out * 0.6 + thick, y + rise * 0.3],
    [x, y - thick],
  );
}

/** Stands or walks, seen from the side: a long body with four legs. */
function standing(pen: Pen, animal: Animal): Figure {
  const [long, thick, leg] = [pen.between(1.2, 1.6), pen.between(0.5, 0.7), pen.between(0.9, 1.25)];
  const belly = pen.between(0.75, 1);
  const body = pen.shape(
    "paper",
    [-long, thick * 0.7],
    [-long - 0.15, -0.1],
    [-long + 0.3, -thick * 0.8],
    [0, -thick * belly],
    [long - 0.3, -thick],
    [long + 0.1, -0.2],
    [long, thick * 0.7],
    [0, thick * pen.between(0.6, 0.85)],
  );
  const stride = pen.between(0, 0.35);
  const legs = [-long + 0.05, -long + 0.5, long - 0.5, long - 0.1].map((x, i) => {
    const foot = x + (i % 2 === 0 ? -stride : stride);
    return pen.polygon(
      "paper",
      [x - 0.14, -thick * 0.6],
      [foot - 0.13, -thick - leg],
      [foot + 0.2, -thick - leg],
      [x + 0.16, -thick * 0.6],
    );
  });
  const [start, up] = [[-long, thick * 0.5] as Point, pen.happens(0.75) ? 1 : -0.6];
  const tail =
    animal === "cat"
      ? pen.line(
          start,
          [-long - 0.5, thick * 0.5 + 0.1 * up],
          [-long - pen.between(0.6, 0.9), thick + 0.7 * up],
          [-long - pen.between(0.3, 1.2), thick + pen.between(1.1, 1.5) * up],
        )
      : move([dogTail(pen, [long - 0.1, thick * 0.3])], { mirrored: true })[0];
  const head: Point = [long + pen.between(0.15, 0.4), thick + pen.between(0.35, 0.75)];
  const throat = pen.shape(
    "paper",
    [long - 0.75, thick * 0.6],
    [head[0] - 0.5, head[1]],
    [head[0] + 0.3, head[1] - 0.5],
    [long + 0.05, 0],
  );
  const face = pen.happens(0.45) ? front(pen, animal) : side(pen, animal);
  const scale = pen.between(0.65, 0.85);
  const turn = pen.between(-0.2, 0.2);
  return { body: [tail, ...legs, body, throat], head: move(face, { x: head[0], y: head[1], scale, turn }) };
}
