import { blobOf } from "../blob.js";
import type { Fail } from "../fail.js";
import type { ImageHeader } from "./image-header.js";

/** The chunks that the pixels depend on. Others, such as packed texts and profiles, are left out unread. */
const needed = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);

/** A PNG without the chunks that its pixels do not need. */
export interface EssentialPng {
  readonly bytes: Uint8Array;
  /** The transparent colour, if `bytes` do not contain it. */
  readonly transparency: Uint16Array | undefined;
}

/**
 * Leaves out the chunks that the pixels of a PNG do not need. The transparent colour of a picture of one or two coloured pixels is read
 * here: `fast-png` takes its three values for the opacities of three pixels.
 *
 * Throws: FormatError if a chunk is cut off, and unless the pixels unpack to exactly the bytes that they take: 1 MB can unpack to 1 GB
 */
export async function essentialPng(
  bytes: Uint8Array,
  header: ImageHeader,
  fail: Fail,
): Promise<EssentialPng> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  const isTiny = bytes[25] === 2 && header.width * header.height < 3;
  let transparency: Uint16Array | undefined;
  for (let at = 8, type = ""; type !== "IEND";) {
    if (at + 12 > bytes.length) throw fail("is a PNG without an end", "Is the file cut off?");
    const end = at + 12 + view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw fail(`is a PNG whose part ${JSON.stringify(type)} is cut off`);
    if (type === "tRNS" && isTiny && end - at === 18) {
      transparency = Uint16Array.from({ length: 3 }, (_, i) => view.getUint16(at + 8 + 2 * i));
    } else if (needed.has(type)) kept.push(bytes.subarray(at, end));
    if (type === "IDAT") packed.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  await checkLength(packed, unpackedLength(bytes, header, fail), fail);
  return { bytes: new Uint8Array(await blobOf(kept).arrayBuffer()), transparency };
}

/** Unpacks without keeping anything. Missing pixels would otherwise be black. */
async function checkLength(packed: readonly Uint8Array[], expected: number, fail: Fail): Promise<void> {
  const blob = blobOf(packed).stream();
  const unpacked: ReadableStream<Uint8Array> = blob.pipeThrough(new DecompressionStream("deflate"));
  const reader = unpacked.getReader();
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || length > expected) break;
      length += value.length;
    }
  } catch (cause) {
    throw fail("is a damaged PNG: its pixels cannot be unpacked", "Is the file cut off?", cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (length === expected) return;
  const got = length > expected ? "more" : `${length}`;
  throw fail(`is a damaged PNG: its pixels take ${expected} bytes, and unpack to ${got}`);
}

/** The samples of a pixel, for each type of colour: grey, colours, palette, both with opacity. */
const channelsOf = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);

/** The passes of an interlaced picture: the first column and row, and the steps. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** How many bytes the pixels take, each row with a byte for its filter. */
function unpackedLength(bytes: Uint8Array, { width, height }: ImageHeader, fail: Fail): number {
  const [depth, colour, , , interlaced] = bytes.subarray(24);
  const bits = depth * (channelsOf.get(colour) ?? 0);
  if (bits === 0) throw fail(`is a damaged PNG: its colours have the type ${colour}`);
  if (interlaced !== 0 && depth < 8) {
    throw fail(`is an interlaced PNG of ${depth} bits`, "Save it without interlacing");
  }
  const parts = interlaced === 0 ? [[0, 0, 1, 1]] : passes;
  return parts.reduce((sum, [left, top, right, down]) => {
    const columns = Math.ceil((width - left) / right);
    const rows = Math.ceil((height - top) / down);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bits) / 8)) : sum;
  }, 0);
}
