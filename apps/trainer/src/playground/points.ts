import { blobs, circles, linear, moons, spirals, xor, type Points } from "@stargrad/datasets";
import { tensor, type Tensor } from "@stargrad/tensor";

import type { DataSettings, ShapeOfPoints } from "./settings.js";

/** How many points a shape has. */
export const samples = 200;

/** Every fifth point is held out: the network is never trained on it. */
export const oneIn = 5;

export function isHeldOut(index: number): boolean {
  return index % oneIn === oneIn - 1;
}

/** The centers of the two blobs. */
export const centers = [
  [-0.5, -0.4],
  [0.5, 0.4],
] as const;

/** The moons are moved to the middle and made smaller, so that they fit where the other shapes are. */
export const moonsCenter = [0.5, 0.25] as const;
export const moonsScale = 0.7;

type Options = { samples: number; noise: number; seed: number };

const drawn: Record<ShapeOfPoints, (options: Options) => Points> = {
  spirals,
  moons,
  circles: (options) => circles({ ...options, factor: 0.5 }),
  blobs: (options) => blobs({ ...options, centers }),
  xor,
  linear,
};

/** All points and their labels, 1 for blue and 0 for orange: x [N, 2], y [N, 1]. */
export function pointsOf({ shape, noise, seed, own }: DataSettings): { x: Tensor; y: Tensor } {
  if (own !== undefined) {
    return {
      x: tensor(own.map(({ x, y }) => [x, y])),
      y: tensor(
        own.map(({ label }) => [label]),
        { dtype: "float32" },
      ),
    };
  }
  const { x, y } = drawn[shape]({ samples, noise, seed }).all();
  return {
    x: shape === "moons" ? x.sub(tensor([...moonsCenter])).mul(moonsScale) : x,
    y: y.cast("float32").reshape([-1, 1]),
  };
}
