import { createHash } from "node:crypto";

/** The SHA-256 of the bytes of data, by which a run that goes on knows its data again. */
export function fingerprintOf(...parts: readonly (ArrayBufferView | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes =
      typeof part === "string" ? part : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    // The length, so that a byte cannot move from one part to the next.
    hash.update(`${bytes.length} `).update(bytes);
  }
  return hash.digest("hex");
}
