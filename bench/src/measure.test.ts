import { expect, it } from "vitest";
import { callsPerTurn, measure } from "./measure.js";

it("warms up, then lets the candidates take turns", async () => {
  const turns: string[] = [];
  const candidate = (name: string, milliseconds: number) => ({
    run: (calls: number) => {
      turns.push(`${name}${calls}`);
      return Promise.resolve(calls * milliseconds);
    },
    settle: () => {
      turns.push("-");
      return Promise.resolve();
    },
  });
  const timings = await measure([candidate("a", 4), candidate("b", 20)], { warmUp: 12, turn: 10, runs: 2 });
  expect(turns.join(" ")).toBe("a1 a1 a1 - b1 - a1 a3 - b1 b1 - a1 a3 - b1 b1 -");
  expect(timings.map(({ median }) => median)).toEqual([4, 20]);
});

it("counts neither the warm-up nor the first call of a turn, and gives times per call", async () => {
  const durations = [50, 100, 7, 100, 1, 100, 3, 100, 9];
  const [timing] = await measure([{ run: () => Promise.resolve(durations.shift() ?? 0) }], {
    warmUp: 0,
    turn: 0,
    runs: 4,
  });
  expect(timing).toEqual({ median: 5, fastest: 1, slowest: 9, runs: 4 });
});

it("calls short candidates often enough to fill a turn", () => {
  expect(callsPerTurn(0.5, 10)).toBe(20);
  expect(callsPerTurn(300, 10)).toBe(1);
  expect(callsPerTurn(0, 10)).toBe(10_000);
});
