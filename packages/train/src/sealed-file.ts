import {
  encodeSafetensors,
  FormatError,
  readSafetensors,
  writeFileAtomically,
  type Safetensors,
  type WriteOptions,
} from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";
import { hintFor, writeValue } from "@stargrad/tensor/internal";

/** The key of the checksum in the metadata of a sealed file. */
const sealKey = "checksum";

/**
 * Writes a sealed file: a safetensors file with a checksum of all other contents: tensors, names, shapes, metadata.
 *
 * Throws: as {@link writeFileAtomically}; an existing file is then unchanged
 */
export async function writeSealed(
  path: string,
  content: Safetensors,
  { overwrite }: Pick<WriteOptions, "overwrite">,
): Promise<void> {
  // At once, and not after the checksum is computed, so that the calls for one path keep their order.
  await writeFileAtomically(path, encodeSealed(content), {
    overwrite,
    called: calling("saveCheckpoint", path),
  });
}

async function encodeSealed(content: Safetensors): Promise<Uint8Array> {
  const seal = await checksumOf(content);
  return encodeSafetensors(content.tensors, new Map([...content.metadata, [sealKey, seal]]));
}

/** A call as errors show it. Throws: ArgumentError unless the path is a string that is not empty */
function calling(name: string, path: unknown): string {
  if (typeof path === "string" && path !== "") return `${name}(${path})`;
  throw new ArgumentError(name, `got path ${writeValue(path)}; expected a path, as a string`, hintFor(path));
}

/**
 * Reads a sealed file, and returns its contents without the checksum.
 *
 * Throws: FormatError if the contents do not match the checksum, or if there is none
 */
export async function readSealed(path: string): Promise<Safetensors> {
  const called = calling("loadCheckpoint", path);
  const { tensors, metadata } = await readSafetensors(path);
  const seal = metadata.get(sealKey);
  metadata.delete(sealKey);
  if (seal === undefined) {
    throw new FormatError(
      called,
      "the file has no checksum",
      "Is this a checkpoint? Load plain weights with readSafetensors and model.loadStateDict",
    );
  }
  if (seal !== (await checksumOf({ tensors, metadata }))) {
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
  const bytes = await encodeSafetensors(tensors, metadata);
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return `sha256:${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
