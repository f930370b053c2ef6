// Names that only other packages of this repository use. They may change in any version.

export { checkClasses } from "./losses/class-indices.js";
export { reduceLoss, totalOf } from "./losses/reduction.js";
export { moduleKind } from "./modules.js";
export { readModules } from "./module-reading.js";
