export { WasmEngine, type EngineMemory, type WasmEngineOptions } from "./wasm-engine.js";
