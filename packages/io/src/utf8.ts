/**
 * The text that bytes in UTF-8 are, without a byte order mark; null if they are not UTF-8. Works without `TextDecoder`, which test
 * environments that imitate a browser lack (jest with jsdom), as does jsdom itself.
 */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    if (typeof TextDecoder === "function") return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // In pieces, because a call has a limited number of arguments. `decodeURIComponent` is as strict as `fatal`.
    const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    return decodeURIComponent(escaped).replace(/^\uFEFF/, "");
  } catch (error) {
    // By its name, because it may be an error of another realm. Other errors are about the size.
    if (error instanceof Object && "name" in error && /^(TypeError|URIError)$/.test(String(error.name)))
      return null;
    throw error;
  }
}

/** A text in UTF-8. Works without `TextEncoder`, as `decodeUtf8` does without its counterpart. */
export function encodeUtf8(text: string): Uint8Array {
  if (typeof TextEncoder === "function") return new TextEncoder().encode(text);
  const bytes = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(bytes, (byte) =>
    byte.length > 1 ? parseInt(byte.slice(1), 16) : byte.charCodeAt(0),
  );
}
