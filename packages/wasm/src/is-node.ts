/** Whether Node's modules are available. It is tested without an import, which bundlers for browsers could not resolve. */
export const isNode = typeof process === "object" && typeof process.getBuiltinModule === "function";
