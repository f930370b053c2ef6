// Names that only other packages of this repository use. They may change in any version.

export { readModules } from "./module-reading.js";
