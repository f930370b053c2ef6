// The second door: what other packages of this house need to work with files. Not for users.
export { tryLock } from "./file-lock.js";
export type { ByteSource } from "./byte-source.js";
export { fileError, openFile } from "./files.js";
export { makeFolder } from "./make-folder.js";
export { nodeModules } from "./node-modules.js";
