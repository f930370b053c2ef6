export { FormatError } from "./errors.js";
export { readFileBytes, writeFileAtomically, type ReadOptions, type WriteOptions } from "./files.js";
export { decodeNpy, encodeNpy, readNpy, writeNpy } from "./npy.js";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  writeSafetensors,
  type Safetensors,
} from "./safetensors.js";
export { decodeUtf8 } from "./utf8.js";
