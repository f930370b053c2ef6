import { PassThrough } from "node:stream";

import { afterEach, describe, expect, it, vi } from "vitest";

import { colorsOf, isTerminal } from "./colors.js";
import { Screen } from "./screen.js";

/** A stream that records its content, and that is a terminal or not. */
function stream(isTTY = true): { stream: NodeJS.WriteStream; written: () => string } {
  const through = new PassThrough();
  const texts: string[] = [];
  through.on("data", (text: Buffer) => texts.push(text.toString()));
  return {
    // The properties of a terminal that a screen uses.
    stream: Object.assign(through, { isTTY }) as unknown as NodeJS.WriteStream,
    written: () => texts.join(""),
  };
}

describe("Screen", () => {
  it("draws a picture over the one before, and shows the cursor again", () => {
    const { stream: terminal, written } = stream();
    const listeners = process.listenerCount("SIGINT");
    const screen = new Screen(terminal);
    expect(process.listenerCount("SIGINT")).toBe(listeners + 1);
    screen.draw(["one", "two", "three"]);
    screen.draw(["four", "five"]);
    screen.close();
    expect(written().replaceAll("\u001b", "␛")).toBe(
      "␛[?25l" + "one␛[K\ntwo␛[K\nthree␛[K\n␛[J" + "␛[3Ffour␛[K\nfive␛[K\n␛[J" + "␛[?25h",
    );
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });
});

describe("colours", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("are only written to terminals", () => {
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    expect(colorsOf(stream().stream).gold("star")).toBe("\u001b[33mstar\u001b[39m");
    expect(colorsOf(stream(false).stream).gold("star")).toBe("star");
  });

  it("are left out if NO_COLOR is set, and for a dumb terminal", () => {
    vi.stubEnv("TERM", "xterm");
    vi.stubEnv("NO_COLOR", "1");
    expect(colorsOf(stream().stream).gold("star")).toBe("star");
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "dumb");
    expect(colorsOf(stream().stream).gold("star")).toBe("star");
    expect(isTerminal(stream().stream)).toBe(false);
  });
});
