import { PassThrough } from "node:stream";

import { describe, expect, it } from "vitest";

import { EpochBar } from "./epoch-bar.js";

describe("EpochBar", () => {
  it("shows the progress and the means so far, also after a pause, and restores the terminal", async () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    let written = "";
    terminal.on("data", (text: Buffer) => (written += text.toString()));
    const listeners = process.listenerCount("SIGINT");

    // The properties of a terminal that the bar uses.
    const bar = new EpochBar(terminal as unknown as NodeJS.WriteStream);
    const step = { event: "step", epoch: 3, steps: 2 } as const;
    await bar.advance({ ...step, step: 1, loss: 2, metrics: { accuracy: 0.5 } });
    bar.pause();
    await bar.advance({ ...step, step: 2, loss: 1, metrics: { accuracy: 0.75 } });
    bar.close();

    expect(written).toMatch(/epoch 3 {2}█{15}░{15} {2}loss 2\.00 {2}accuracy 50\.0 %/);
    expect(written).toMatch(/epoch 3 {2}█{30} {2}loss 1\.50 {2}accuracy 62\.5 %/);
    expect(written.lastIndexOf("\u001b[?25h")).toBeGreaterThan(written.lastIndexOf("\u001b[?25l"));
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });
});
