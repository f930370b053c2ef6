import { f32x4, type Machine } from "@stargrad/codegen";
import { WasmModuleBuilder } from "./assembler/module-builder.js";
import { isNode } from "./is-node.js";

export interface VectorOptions {
  /**
   * Whether multiply-adds may round once where the machine can. `false` gives the same bits on every machine, and products take
   * half as long again. Default: true
   */
  readonly relaxed?: boolean;
  /**
   * Whether V8 may join two vectors of 128 bits to one of 256, for products that take little more than half the time. It is an
   * experiment of V8's, there from Node 24 on for x86-64 with AVX2, and is turned on for the whole process. Elsewhere, and if
   * `relaxed` is false, this changes nothing. Default: false
   */
  readonly wideVectors?: boolean;
}

const vectorBytes = 16;

/** Rates of tiles (float32, sums of 256 products in cache). */
const tileRates = {
  rounded: { 1: [39, 67, 82, 84, 91, 95, 93, 92], 2: [66, 90, 100, 101, 101], 3: [76, 99, 100] },
  fused: { 1: [16, 29, 41, 52, 60, 69, 75, 81], 2: [29, 52, 69, 84, 93, 98], 3: [41, 67, 88] },
  paired: {
    1: [8, 14, 20, 26, 30, 34, 37, 40],
    2: [16, 29, 40, 51, 60, 67, 73, 79],
    4: [27, 51, 68, 83, 93, 90],
  },
} satisfies Readonly<Record<string, Readonly<Record<number, readonly number[]>>>>;

/**
 * Multiplications and additions that round apart, whose results are the same everywhere. V8 keeps one of the 16 registers of x86-64 for
 * itself, and versions before 13 another; one is for the product.
 */
export const roundedVectors: Machine = {
  vectorBytes,
  relaxed: false,
  paired: false,
  registers: 14,
  tileRates: tileRates.rounded,
};

/** Why WebAssembly with vectors of 128 bits cannot be used here, and what to do about it; `null` if it can. */
export function obstacleToVectors(): string | null {
  if (typeof WebAssembly === "undefined")
    return "WebAssembly is missing (--jitless in Node and the lockdown mode of browsers turn it off)";
  const module = probe(false);
  if (!WebAssembly.validate(module)) {
    return "WebAssembly has no vectors (SIMD) here. Update the browser or the runtime";
  }
  try {
    new WebAssembly.Module(module);
    return null;
  } catch (error) {
    return `WebAssembly must not be compiled here (${String(error)}). Allow 'wasm-unsafe-eval' as script-src in the page's Content-Security-Policy`;
  }
}

/** The fastest vectors of this machine, as far as they may be used. */
export function fastestVectors({ relaxed = true, wideVectors = false }: VectorOptions = {}): Machine {
  if (!relaxed) return roundedVectors;
  // Node 20 has relaxed SIMD behind a switch.
  if (!allowsRelaxed()) turnOn("--experimental-wasm-relaxed-simd");
  if (!allowsRelaxed()) return roundedVectors;
  // Browsers are taken for new.
  const isOld = isNode && Number.parseInt(process.versions.v8) < 13;
  const paired = wideVectors && isNode && !isOld && process.arch === "x64";
  if (paired) turnOn("--experimental-wasm-revectorize");
  return {
    vectorBytes,
    relaxed,
    paired,
    registers: isOld ? 14 : 15,
    tileRates: paired ? tileRates.paired : tileRates.fused,
  };
}

function allowsRelaxed(): boolean {
  return WebAssembly.validate(probe(true));
}

/**
 * Turns on a switch of V8, for the whole process; in a browser it does nothing.
 *
 * Source: https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags
 */
function turnOn(name: string): void {
  try {
    if (isNode) process.getBuiltinModule("node:v8").setFlagsFromString(name);
  } catch {
    // Other runtimes have Node's modules too, but not V8: there is nothing to turn on.
  }
}

/** A module that is valid where vectors, or fused multiply-adds of vectors, can be used. */
function probe(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new WasmModuleBuilder({ minimum: 0, maximum: 0, shared: false });
  module.function({ parameters: ["v128"], result: "v128" }, (body, x) => {
    body.return(relaxed ? f32x4.relaxedMultiplyAdd(x, x, x) : f32x4.mul(x, x));
  });
  return module.finish();
}
