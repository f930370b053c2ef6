// The second door: what other packages of this house need to work with files. Not for users.
export { fileError, nodeModules } from "./files.js";
