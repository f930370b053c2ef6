import { describe, expect, it } from "vitest";

import { FilledStorage } from "./storage.js";

describe("FilledStorage", () => {
  it.each([
    ["float32", 0.1, Math.fround(0.1), 12],
    ["float64", 0.1, 0.1, 24],
    ["int32", -3, -3, 12],
    ["bool", 1, 1, 3],
  ] as const)("has the value in all %s elements", async (dtype, value, element, bytes) => {
    const storage = new FilledStorage(dtype, 3, value);
    expect(storage.byteLength).toBe(bytes);
    expect([...storage.readSync()]).toEqual([element, element, element]);
    expect(await storage.read()).toBe(storage.readSync());
  });
});
