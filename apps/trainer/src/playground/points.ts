import { blobs, circles, linear, moons, spirals, xor, type Points } from "@stargrad/datasets";
import { tensor, type Tensor } from "@stargrad/tensor";

import {
  centers,
  moonsCenter,
  moonsScale,
  oneIn,
  samples,
  type DataSettings,
  type ShapeOfPoints,
} from "./settings.js";

/** Whether a point is kept back for the test. */
export function isHeldOut(index: number): boolean {
  return index % oneIn === oneIn - 1;
}

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
