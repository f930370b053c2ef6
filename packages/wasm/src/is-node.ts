/** Whether Node's modules are there, without an import that a bundler for browsers would stumble over. */
export const isNode = typeof process === "object" && typeof process.getBuiltinModule === "function";
