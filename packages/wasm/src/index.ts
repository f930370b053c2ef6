export { WasmEngine } from "./wasm-engine.js";
