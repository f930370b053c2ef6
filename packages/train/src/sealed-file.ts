import {
  encodeSafetensors,
  FormatError,
  readSafetensors,
  writeSafetensors,
  type Safetensors,
} from "@stargrad/io";

/** The metadata entry that seals a file. */
const sealKey = "checksum";

/**
 * Writes a safetensors file with a checksum over everything else in it: tensors, names, shapes, metadata.
 *
 * Throws: as {@link writeSafetensors}; what was there before is untouched
 */
export async function writeSealed(path: string, content: Safetensors): Promise<void> {
  const seal = await checksumOf(content);
  await writeSafetensors(path, content.tensors, new Map([...content.metadata, [sealKey, seal]]));
}

/**
 * Reads a sealed file, and returns it without its seal.
 *
 * Throws: FormatError if anything in the file has changed since it was written, or if it has no seal
 */
export async function readSealed(path: string): Promise<Safetensors> {
  const { tensors, metadata } = await readSafetensors(path);
  const seal = metadata.get(sealKey);
  metadata.delete(sealKey);
  if (seal === undefined) {
    throw new FormatError(
      `loadCheckpoint(${path})`,
      "there is no checksum in it",
      "Is this a checkpoint? Plain weights are for readSafetensors and model.loadStateDict",
    );
  }
  if (seal !== (await checksumOf({ tensors, metadata }))) {
    throw new FormatError(
      `loadCheckpoint(${path})`,
      "its content does not match its checksum, so something in it has changed since it was saved",
      "Use an older checkpoint",
    );
  }
  return { tensors, metadata };
}

/** The SHA-256 of the file as it would be without its seal. Equal content is always encoded in the same bytes. */
async function checksumOf({ tensors, metadata }: Safetensors): Promise<string> {
  const bytes = await encodeSafetensors(tensors, metadata);
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return `sha256:${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
