import { DataLoader, moons } from "@stargrad/datasets";
import { crossEntropy, Linear } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import { accuracy } from "./classification.js";
import { fit } from "./fit.js";
import { barOf, formatSeconds, paceOf, showProgress, type ProgressOptions } from "./progress.js";

function setUp() {
  const model = new Linear(2, 2, { generator: new Generator(1) });
  return {
    model,
    optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
    loader: new DataLoader(moons({ samples: 40, seed: 1 }), { batchSize: 10 }),
    validation: new DataLoader(moons({ samples: 10, seed: 2 }), { batchSize: 10 }),
    loss: crossEntropy,
    metrics: { accuracy },
    epochs: 2,
  };
}

/** The text of a run whose steps take the given milliseconds. */
async function textOf(options: ProgressOptions, milliseconds: number): Promise<string> {
  let [text, now] = ["", 0];
  const write = (part: string): void => void (text += part);
  const run = fit(setUp());
  for await (const event of showProgress(run, { write, now: () => now, ...options })) {
    if (event.event === "batch") now += milliseconds;
  }
  return text;
}

const numbers = (text: string): string => text.replaceAll(/\d\.\d{3,}/gu, "#");

describe("showProgress", () => {
  it("writes one line for each epoch and a summary to a log, without control characters", async () => {
    const text = await textOf({}, 500);
    expect(numbers(text).replaceAll(/ {2}0:0\d$/gmu, "")).toBe(
      [
        "epoch 1/2  loss #  accuracy #  validation loss #  accuracy #",
        "epoch 2/2  loss #  accuracy #  validation loss #  accuracy #",
        "2 epochs, 8 steps in 0:04 (2.0 steps/s); loss #  accuracy #; best validation loss # in epoch 2",
        "",
      ].join("\n"),
    );
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/u);
  });

  it("writes a line for every half minute of a long epoch to a log", async () => {
    const lines = (await textOf({}, 16_000)).split("\n");
    expect(lines.filter((line) => / left$/u.test(line)).map(numbers)).toEqual([
      "epoch 1/2  2/4  loss #  accuracy #  0.1 steps/s  1:36 left",
      "epoch 1/2  4/4  loss #  accuracy #  0.1 steps/s  1:04 left",
      "epoch 2/2  2/4  loss #  accuracy #  0.1 steps/s  0:32 left",
      "epoch 2/2  4/4  loss #  accuracy #  0.1 steps/s  0:00 left",
    ]);
  });

  it("replaces one line of a terminal, and is never wider", async () => {
    const text = await textOf({ isTerminal: true, columns: 120 }, 500);
    const lines = text.split("\r").slice(1);
    expect(lines).toHaveLength(8 + 2 + 1);
    expect(numbers(lines[1])).toBe(
      "epoch 1/2  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 2/4  loss #  accuracy #  2.0 steps/s  0:03 left\u001B[K",
    );
    expect(lines.filter((line) => line.endsWith("\n"))).toHaveLength(3);
    const narrow = (await textOf({ isTerminal: true, columns: 20 }, 500)).split("\r").slice(1);
    expect(Math.max(...narrow.map((line) => line.replace(/\u001B\[K\n?/u, "").length))).toBe(19); // eslint-disable-line no-control-regex
    // Steps that are faster than a tenth of a second are not all shown.
    expect((await textOf({ isTerminal: true }, 10)).split("\r").length).toBeLessThan(8);
  });

  it("trains as the run itself when it is awaited, and writes nothing when asked", async () => {
    const write = vi.fn();
    const timeless = (events: readonly object[]) => events.map((event) => ({ ...event, seconds: 0 }));
    const expected = timeless(await fit(setUp()));
    expect(timeless(await showProgress(fit(setUp()), { write, silent: true }))).toEqual(expected);
    expect(write).not.toHaveBeenCalled();
    expect(timeless(await showProgress(fit(setUp()), { write }))).toEqual(expected);
    expect(write).toHaveBeenCalledTimes(3);
  });

  it("refuses what is no run", async () => {
    const history = await fit(setUp());
    for (const silent of [false, true]) {
      expect(() => showProgress(history as never, { silent })).toThrow("expected a run. Pass that of fit");
      expect(() => showProgress(undefined as never, { silent })).toThrow("showProgress: got undefined");
    }
  });

  it("ends with a summary when the loop is left or fails, and writes to the console of a page", async () => {
    const said = vi.spyOn(console, "info").mockImplementation(() => undefined);
    vi.stubGlobal("process", undefined);
    try {
      for await (const event of showProgress(fit(setUp()))) if (event.event === "step") break;
    } finally {
      vi.unstubAllGlobals();
    }
    expect(String(said.mock.calls[0])).toMatch(/^0 epochs, 1 steps in 0:00 /u);
    said.mockRestore();
    const write = vi.fn();
    await expect(showProgress(fit({ ...setUp(), loss: () => { throw new Error("own"); } }), { write })).rejects.toThrow("own"); // prettier-ignore
    expect(() => showProgress(fit(setUp()), { silent: 1 as never })).toThrow("showProgress: got silent 1");
  });
});

describe("the parts of a progress bar", () => {
  it("tell rate and time left", () => {
    expect(paceOf({ done: 20, total: 100, seconds: 4 })).toEqual({ rate: 5, secondsLeft: 16 });
    expect(paceOf({ done: 60, total: 100, counted: 10, seconds: 5 })).toEqual({ rate: 2, secondsLeft: 20 });
    expect(paceOf({ done: 0, total: 10, seconds: 0 })).toEqual({ rate: 0, secondsLeft: Infinity });
    expect(paceOf({ done: 10, total: 10, seconds: 0 }).secondsLeft).toBe(0);
  });

  it("are readable", () => {
    expect([0, 5.4, 65, 3723, -1, Infinity].map(formatSeconds)).toEqual([
      ...["0:00", "0:05", "1:05", "1:02:03", "0:00", "–:––"],
    ]);
    expect([0, 0.5, 1, 2].map((fraction) => barOf(fraction, 4))).toEqual(["╌╌╌╌", "━━╌╌", "━━━━", "━━━━"]);
  });
});
