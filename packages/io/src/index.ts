export type { BlobLike, ByteStream } from "./blob.js";
export { FormatError } from "./errors.js";
export { lockFile } from "./file-lock.js";
export { readFileBytes, writeFileAtomically, type ReadOptions, type WriteOptions } from "./files.js";
export { decodeNpy, encodeNpy, readNpy, writeNpy } from "./npy.js";
export { decodeNpz, encodeNpz, readNpz, writeNpz } from "./npz.js";
export { decodePyTorch, readPyTorch, type PyTorchFile } from "./pytorch/pytorch.js";
export { openSafetensors, SafetensorsFile, type TensorEntry } from "./safetensors-file.js";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  writeSafetensors,
  type Safetensors,
} from "./safetensors.js";
export { decodeUtf8 } from "./utf8.js";
