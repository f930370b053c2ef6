import { f32x4, type Machine } from "@stargrad/codegen";
import { WasmModuleBuilder } from "./assembler/module-builder.js";
import { isNode } from "./is-node.js";

export interface VectorOptions {
  /**
   * Whether multiply-adds may be fused, and so round once, where the machine supports it. `false` gives the same bits on every
   * machine, but products take 1.5 times as long. Default: true
   */
  readonly relaxed?: boolean;
  /**
   * Whether V8 may join two vectors of 128 bits into one of 256 bits, so that products take little more than half the time. This is
   * an experimental feature of V8, available from Node 24 on for x86-64 with AVX2, and is turned on for the whole process. On other
   * platforms, and if `relaxed` is false, the option has no effect. Default: false
   */
  readonly wideVectors?: boolean;
}

const vectorBytes = 16;

/** The measured rates of tiles, for float32 sums of 256 products in cache: see `Machine.tileRates`. */
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
 * Separate multiplications and additions, which give the same results on every machine. V8 reserves one of the 16 vector registers of
 * x86-64, and versions before 13 another one; one more holds the product.
 */
export const roundedVectors: Machine = {
  vectorBytes,
  relaxed: false,
  paired: false,
  registers: 14,
  tileRates: tileRates.rounded,
};

/** The reason why WebAssembly with 128-bit vectors is not available, and what to try; `null` if it is available. */
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

/** The fastest vectors of this machine that the options permit. */
export function fastestVectors({ relaxed = true, wideVectors = false }: VectorOptions = {}): Machine {
  if (!relaxed) return roundedVectors;
  // Node 20 has relaxed SIMD behind a flag.
  if (!allowsRelaxed()) turnOn("--experimental-wasm-relaxed-simd");
  if (!allowsRelaxed()) return roundedVectors;
  // Browsers are assumed to have a recent V8.
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
 * Sets a flag of V8 for the whole process; in a browser it does nothing.
 *
 * Source: https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags
 */
function turnOn(name: string): void {
  try {
    if (isNode) process.getBuiltinModule("node:v8").setFlagsFromString(name);
  } catch {
    // Other runtimes provide Node's modules but have no V8, so there is no flag to set.
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
