import { describe, expect, it } from "vitest";
import { SignatureMap } from "./signature-map.js";
import { Signature } from "./signature.js";

const signature = (...words: number[]) => new Signature(Int32Array.from(words));

/** Another signature with the same hash. */
class Collision extends Signature {
  override readonly hash = signature(1).hash;
}

describe("a map by signature", () => {
  it("finds what was set with an equal signature", () => {
    const map = new SignatureMap<string>();
    map.set(signature(1, 2), "a");
    map.set(signature(1, 3), "b");
    map.set(signature(1, 2), "c");
    expect(map.get(signature(1, 2))).toBe("c");
    expect(map.get(signature(1, 3))).toBe("b");
    expect(map.get(signature(1))).toBeUndefined();
    expect(map.size).toBe(2);
  });

  it("tells signatures of one hash apart, and forgets one of them without the other", () => {
    const map = new SignatureMap<string>();
    const other = new Collision(Int32Array.of(2));
    map.set(signature(1), "a");
    map.set(other, "b");
    expect([map.get(signature(1)), map.get(other)]).toEqual(["a", "b"]);
    expect(map.delete(signature(1))).toBe(true);
    expect(map.delete(signature(1))).toBe(false);
    expect([map.get(signature(1)), map.get(other), map.size]).toEqual([undefined, "b", 1]);
    expect(map.delete(other)).toBe(true);
    expect(map.size).toBe(0);
  });

  it("lists values in the order in which they were set, the oldest first", () => {
    const map = new SignatureMap<string>();
    const signatures = [signature(1), signature(2), signature(3)];
    signatures.forEach((each, i) => {
      map.set(each, String(i));
    });
    map.delete(signature(1));
    map.set(signature(1), "again");
    expect([...map].map(([, value]) => value)).toEqual(["1", "2", "again"]);
    expect([...map][0][0]).toBe(signatures[1]);
  });
});
