import { afterEach, describe, expect, it, vi } from "vitest";

import { decodeSafetensors, encodeSafetensors } from "./index.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";
import { tensor } from "@stargrad/tensor";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(["with", "without"])("%s TextDecoder and TextEncoder", (which) => {
  const withoutThem = (): void => {
    if (which === "with") return;
    vi.stubGlobal("TextDecoder", undefined);
    vi.stubGlobal("TextEncoder", undefined);
  };

  it.each(["", "plain", "100 %", "ü", "日本語", "👩‍🚀", "a\u0000b", "line\n\t"])("%o returns", (text) => {
    withoutThem();
    const bytes = encodeUtf8(text);
    expect([...bytes]).toEqual([...Buffer.from(text, "utf8")]);
    expect(decodeUtf8(bytes)).toBe(text);
  });

  it("a byte order mark is dropped", () => {
    withoutThem();
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("a");
  });

  it.each([[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]])(
    "%j is refused",
    (...bytes) => {
      withoutThem();
      expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull();
    },
  );

  it("safetensors are written and read", async () => {
    withoutThem();
    const read = decodeSafetensors(await encodeSafetensors(new Map([["größe", tensor([1, 2])]])));
    expect(read.tensors.get("größe")?.toArraySync()).toEqual([1, 2]);
  });
});
