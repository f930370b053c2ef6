// For tests of higher-level packages, which may import neither @stargrad/graph nor @stargrad/wasm.

export { sampled, sized } from "@stargrad/graph/testing";

// An engine with memory outside of the JavaScript heap.
export { WasmEngine } from "@stargrad/wasm";
