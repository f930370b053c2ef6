// What packages of this house need of this one and nobody else does. It may change with any version.

export { readModules } from "./module-reading.js";
