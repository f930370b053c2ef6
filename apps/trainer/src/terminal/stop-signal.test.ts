import { PassThrough } from "node:stream";

import { afterEach, describe, expect, it, vi } from "vitest";

import { ProgressBar } from "./progress-bar.js";
import { interrupted, StopSignal } from "./stop-signal.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("Ctrl-C", () => {
  it("is noted the first time, also beside a bar, and ends the program the second time", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    const [pressed, restore] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const stop = new StopSignal({ pressed, restore });
    // A stream has what the bar needs of a terminal.
    const terminal = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.WriteStream;
    const bar = new ProgressBar(terminal, "{bar}");
    expect(stop.wasPressed).toBe(false);
    process.emit("SIGINT");
    expect(stop.wasPressed).toBe(true);
    expect(pressed).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGINT");
    expect([pressed, restore].map((each) => each.mock.calls.length)).toEqual([1, 1]);
    expect(exit).toHaveBeenCalledExactlyOnceWith(interrupted);
    bar.pause();
    stop.close();
  });
});
