import { describe, it } from "vitest";
import { expectPlainLoop } from "./loop-derivatives.js";

const seeds = Array.from({ length: 150 }, (_, i) => 1000 + i);

describe("a random loop", () => {
  it.each(seeds)(
    "%i is the plain loop, with its derivatives, draws and changes",
    { timeout: 600_000 },
    (seed) => {
      expectPlainLoop(seed, [0, 1, 2]);
    },
  );
});
