// For tests of packages above, which may not import @stargrad/wasm: an engine with a memory of its own.
export { WasmEngine } from "@stargrad/wasm";
