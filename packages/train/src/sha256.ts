/**
 * The SHA-256 of bytes, as hexadecimal digits. The platform computes it where it does. A page that was not loaded over HTTPS or from its own
 * machine has no `crypto.subtle`, and there it is computed here, with the same result.
 *
 * Source: FIPS 180-4, section 6.2
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { subtle } = crypto as Partial<typeof crypto>;
  // Copied, because shared memory is refused.
  if (subtle !== undefined) return hex(new Uint8Array(await subtle.digest("SHA-256", new Uint8Array(bytes))));
  return hex(digest(bytes));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Exported for the test that compares it with the platform's. */
export function digest(bytes: Uint8Array): Uint8Array {
  // The message, a bit that is set, zeros, and the length of the message in bits.
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(bytes.length));

  const { first, rounds } = constants();
  const state = Int32Array.from(first);
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    extend(words);
    mix(state, words, rounds);
  }
  const result = new DataView(new ArrayBuffer(32));
  for (const [i, word] of state.entries()) result.setInt32(4 * i, word);
  return new Uint8Array(result.buffer);
}

/** Makes 64 words of the 16 of a block. */
function extend(words: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const [a, b] = [words[i - 15], words[i - 2]];
    const small = rotated(a, 7) ^ rotated(a, 18) ^ (a >>> 3);
    const large = rotated(b, 17) ^ rotated(b, 19) ^ (b >>> 10);
    words[i] = words[i - 16] + small + words[i - 7] + large;
  }
}

/** Mixes the words of a block into the state, in 64 rounds. */
function mix(state: Int32Array, words: Int32Array, rounds: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const chosen = (e & f) ^ (~e & g);
    const sumE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const one = (h + sumE + chosen + rounds[i] + words[i]) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const sumA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + sumA + majority) | 0;
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] += word;
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The first 32 bits of the fractional parts of the square roots and the cube roots of the first primes. */
function constants(): { readonly first: Int32Array; readonly rounds: Int32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime > 0)) primes.push(n);
  const fraction = (root: number): number => (root % 1) * 2 ** 32;
  return {
    first: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    rounds: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  };
}
