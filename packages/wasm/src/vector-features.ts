import { f32x4, ModuleBuilder, roundedVectors, type VectorFeatures } from "@stargrad/codegen";
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

/** Whether WebAssembly is there, has vectors of 128 bits, and is not forbidden by a page's Content-Security-Policy. */
export function hasVectors(): boolean {
  try {
    return new WebAssembly.Module(probe(false)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** The fastest vectors of this machine, as far as they may be used. */
export function fastestVectors({ relaxed = true, wideVectors = false }: VectorOptions = {}): VectorFeatures {
  if (!relaxed) return roundedVectors;
  // Node 20 has relaxed SIMD behind a switch.
  if (!allowsRelaxed()) turnOn("--experimental-wasm-relaxed-simd");
  if (!allowsRelaxed()) return roundedVectors;
  // Browsers are taken for new.
  const isOld = isNode && Number.parseInt(process.versions.v8) < 13;
  const paired = wideVectors && isNode && !isOld && process.arch === "x64";
  if (paired) turnOn("--experimental-wasm-revectorize");
  return { relaxed, paired, registers: isOld ? 14 : 15 };
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
  const module = new ModuleBuilder({ minimum: 0, maximum: 0, shared: false });
  module.function({ parameters: ["v128"], result: "v128" }, (body, x) => {
    body.return(relaxed ? f32x4.relaxedMultiplyAdd(x, x, x) : f32x4.mul(x, x));
  });
  return module.finish();
}
