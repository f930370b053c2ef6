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
    const restore = vi.fn();
    const stop = new StopSignal(restore);
    // A stream has what the bar needs of a terminal.
    const terminal = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.WriteStream;
    const bar = new ProgressBar(terminal, "{bar}", { endsAtInterrupt: false });
    expect(stop.wasPressed).toBe(false);
    process.emit("SIGINT");
    expect(stop.wasPressed).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGINT");
    expect(restore).toHaveBeenCalledTimes(1);
    expect(exit).toHaveBeenCalledExactlyOnceWith(interrupted);
    bar.close();
    stop.close();
  });
});
