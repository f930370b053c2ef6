import { decodeSafetensors, encodeSafetensors, FormatError, type Safetensors } from "@stargrad/io";

import { sha256 } from "./sha256.js";

/** The key of the checksum in the metadata of sealed bytes. */
const sealKey = "checksum";

/** Encodes a safetensors file with a checksum of all other contents: tensors, names, shapes, metadata. */
export async function seal(content: Safetensors): Promise<Uint8Array> {
  const checksum = await checksumOf(content);
  return encodeSafetensors(content.tensors, new Map([...content.metadata, [sealKey, checksum]]));
}

/**
 * Decodes sealed bytes, and returns their contents without the checksum. `called`: the name of the call in errors
 *
 * Throws: FormatError if the contents do not match the checksum, or if there is none
 */
export async function unseal(bytes: Uint8Array, called: string): Promise<Safetensors> {
  const { tensors, metadata } = decodeSafetensors(bytes, called);
  const checksum = metadata.get(sealKey);
  metadata.delete(sealKey);
  if (checksum === undefined) {
    throw new FormatError(
      called,
      "the file has no checksum",
      "Is this a checkpoint? Load plain weights with readSafetensors and model.loadStateDict",
    );
  }
  if (checksum !== (await checksumOf({ tensors, metadata }))) {
    throw new FormatError(
      called,
      "its content does not match its checksum, so the file has changed since it was saved",
      "Use an older checkpoint",
    );
  }
  return { tensors, metadata };
}

/** The SHA-256 of the file without the checksum. The encoding of equal contents is always the same. */
async function checksumOf({ tensors, metadata }: Safetensors): Promise<string> {
  return `sha256:${await sha256(await encodeSafetensors(tensors, metadata))}`;
}
