import { failing, type Fail } from "../fail.js";

export interface ImageHeader {
  readonly format: "PNG" | "JPEG";
  readonly width: number;
  readonly height: number;
  /** How a JPEG is turned and mirrored, as EXIF numbers it: 1 for not at all. */
  readonly orientation: number;
}

/**
 * Reads what a picture says about itself, from its first bytes.
 *
 * Throws: FormatError for anything but PNG and JPEG, and if there is no size
 */
export function readImageHeader(called: string, bytes: Uint8Array): ImageHeader {
  const fail = failing(called);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, pngSignature)) return readPngHeader(bytes, view, fail);
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return readJpegHeader(bytes, view, fail);
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw fail(`begins with the bytes [${start}], expected a PNG or a JPEG`, "Convert the picture first");
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function readPngHeader(bytes: Uint8Array, view: DataView, fail: Fail): ImageHeader {
  if (bytes.length < 33) throw fail("is a PNG without a complete header", cutOff);
  return sized("PNG", view.getUint32(16), view.getUint32(20), 1, fail);
}

const cutOff = "Is the file cut off?";

function sized(
  format: ImageHeader["format"],
  width: number,
  height: number,
  orientation: number,
  fail: Fail,
): ImageHeader {
  if (width > 0 && height > 0) return { format, width, height, orientation };
  throw fail(`is a ${format} of ${width} × ${height} pixels`);
}

/** Walks over the segments of a JPEG up to the one that contains its size. */
function readJpegHeader(bytes: Uint8Array, view: DataView, fail: Fail): ImageHeader {
  let orientation = 1;
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const isSize = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isSize) return sized("JPEG", view.getUint16(at + 7), view.getUint16(at + 5), orientation, fail);
    if (marker === 0xe1) orientation = orientationOf(bytes.subarray(at + 4, at + 2 + length)) ?? orientation;
    at += 2 + length;
  }
  throw fail("is a JPEG without a size", cutOff);
}

/** The orientation that a segment of EXIF gives, if it is one and does. */
function orientationOf(segment: Uint8Array): number | undefined {
  if (!startsWith(segment, [0x45, 0x78, 0x69, 0x66, 0, 0]) || segment.length < 14) return undefined;
  const view = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const isLittle = view.getUint16(0) === 0x4949;
  const start = view.getUint32(4, isLittle);
  const entries = start + 2 <= view.byteLength ? view.getUint16(start, isLittle) : 0;
  for (let i = 0; i < entries; i++) {
    const at = start + 2 + 12 * i;
    if (at + 10 > view.byteLength) return undefined;
    if (view.getUint16(at, isLittle) !== 0x0112) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
