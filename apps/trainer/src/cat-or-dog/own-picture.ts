import { decodeImage, rasterize, resize, type Stroke } from "@stargrad/datasets";
import { StargradError, type Tensor } from "@stargrad/tensor";

import { numbersOf } from "./numbers-of.js";
import { side } from "./sizes.js";

// Pictures of the visitor, as the net reads them: 28 × 28 pixels, 0 for paper and 1 for ink.

export function drawn(strokes: readonly Stroke[]): Promise<Float32Array> {
  return numbersOf(rasterize(strokes, { size: side }));
}

/** The most bytes and pixels of a file that are read. */
const most = { bytes: 2 ** 24, pixels: 2 ** 24 } as const;

/**
 * Reads a PNG or a JPEG: grey, on a square of paper, resized, with the darkest place as ink. A picture that is mostly dark is taken for
 * light lines on dark paper.
 *
 * Throws: an error whose message is a sentence for the visitor
 */
export async function pictureIn(file: Blob): Promise<Float32Array> {
  if (file.size === 0) throw new Error("This file is empty.");
  if (file.size > most.bytes)
    throw new Error(
      `This file has ${Math.round(file.size / 2 ** 20)} MB; at most ${most.bytes / 2 ** 20} MB are read.`,
    );
  const grey = await decodeImage(new Uint8Array(await file.arrayBuffer()), {
    channels: 1,
    limit: most.pixels,
  }).catch((error: unknown) => {
    throw new Error(sentenceOf(error));
  });
  const isLight = (await grey.mean().item()) >= 0.5;
  const ink = isLight ? grey.neg().add(1) : grey;
  const small = await resize(squared(ink.squeeze(0)), { size: side });
  const [low, high] = await Promise.all([small.amin().item(), small.amax().item()]);
  if (high - low < 0.02) throw new Error("This picture has one colour only: there is nothing to see.");
  return numbersOf(small.sub(low).div(high - low));
}

/** A picture [H, W] in the middle of a square of paper. */
function squared(ink: Tensor): Tensor {
  const [height, width] = ink.shape;
  const size = Math.max(height, width);
  const [above, before] = [Math.floor((size - height) / 2), Math.floor((size - width) / 2)];
  return ink.pad([
    [above, size - height - above],
    [before, size - width - before],
  ]);
}

/** What the library says about a file, without the name of the call. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof StargradError)) return "This file cannot be read as a picture.";
  return `This file ${error.message.slice(error.called.length + 2)}.`;
}
