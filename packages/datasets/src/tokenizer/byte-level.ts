/*
 * Tokens of bytes, written as texts: each byte is a visible character. Most printable bytes are themselves; the others are the characters
 * from U+0100 on, in their order.
 * Source: Radford et al., "Language Models are Unsupervised Multitask Learners"; GPT-2's encoder.py
 */

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** The character of each byte. */
export const characterOfByte: readonly string[] = /* @__PURE__ */ (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

const byteOfCharacter = /* @__PURE__ */ new Map(characterOfByte.map((character, byte) => [character, byte]));

/** The bytes of a token. A character that stands for no byte is itself, in UTF-8. */
export function bytesOfToken(token: string): number[] {
  return Array.from(token).flatMap((character) => {
    const byte = byteOfCharacter.get(character);
    return byte === undefined ? [...new TextEncoder().encode(character)] : [byte];
  });
}

/**
 * Words with the space before them, numbers, punctuation and spaces, which are never merged with each other. White space is that of
 * Unicode, because JavaScript's \s has other characters than the \s of other languages.
 */
export const wordPattern =
  /'(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
