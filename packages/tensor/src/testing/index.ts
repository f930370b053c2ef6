// An engine with memory outside of the JavaScript heap, for tests of higher-level packages, which may not import @stargrad/wasm.
export { WasmEngine } from "@stargrad/wasm";
