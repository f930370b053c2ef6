/** A blob of these bytes. Shared memory, which a blob cannot hold, is copied. */
export function blobOf(parts: readonly Uint8Array[], type = ""): Blob {
  return new Blob(
    parts.map((part) => (isUnshared(part) ? part : Uint8Array.from(part))),
    { type },
  );
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
