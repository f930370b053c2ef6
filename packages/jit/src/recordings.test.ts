import { describe, expect, it } from "vitest";
import { Recordings } from "./recordings.js";

interface Recording {
  readonly name: string;
  readonly bytes: number;
}

const mebibyte = 2 ** 20;
const recording = (name: string, bytes = mebibyte): Recording => ({ name, bytes });
const any = () => true;

describe("Recordings", () => {
  it("are found by their inputs, the most recently used first, and only if they fit", () => {
    const recordings = new Recordings<Recording>();
    const [train, use] = [recording("train"), recording("use")];
    recordings.keep("x", train);
    recordings.keep("x", use);
    expect(recordings.find("x", any)).toBe(use);
    expect(recordings.find("x", ({ name }) => name === "train")).toBe(train);
    expect(recordings.find("x", any)).toBe(train);
    expect(recordings.find("y", any)).toBeUndefined();
    expect(recordings.find("x", () => false)).toBeUndefined();
  });

  it("are kept up to 256 MiB in total; the least recently used are dropped first", () => {
    const recordings = new Recordings<Recording>();
    for (let i = 0; i < 256; i++) recordings.keep(`${i}`, recording(`${i}`));
    expect(recordings.find("0", any)).toBeDefined();
    recordings.keep("256", recording("256"));
    expect(recordings.find("1", any)).toBeUndefined();
    for (const kept of ["0", "2", "255", "256"]) expect(recordings.find(kept, any)).toBeDefined();
    recordings.keep("large", recording("large", 1000 * mebibyte));
    expect(recordings.find("large", any)).toBeDefined();
    expect(recordings.find("0", any)).toBeUndefined();
    recordings.keep("small", recording("small", 1));
    expect(recordings.find("large", any)).toBeUndefined();
    expect(recordings.find("small", any)).toBeDefined();
  });

  it("for the same inputs are limited only by memory", () => {
    const recordings = new Recordings<Recording>();
    for (let i = 0; i < 100; i++) recordings.keep("x", recording(`${i}`));
    const kept = Array.from({ length: 100 }, (_, i) => recordings.find("x", ({ name }) => name === `${i}`));
    expect(kept.every((found) => found !== undefined)).toBe(true);
  });
});
