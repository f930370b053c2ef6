import { f32x4 } from "./assembler/expression.js";
import { ModuleBuilder } from "./assembler/module-builder.js";
import { isNode } from "./is-node.js";

/** What can be done with vectors here, and how many of them a loop can keep in registers. */
export interface VectorFeatures {
  /**
   * Multiply-adds round once where the machine can (relaxed SIMD). That is half as many instructions, and the last bit of a
   * result may then differ from that of another machine.
   */
  readonly relaxed: boolean;
  /** V8 joins neighbouring vectors of 128 bits to one of 256, where the same is done with both. */
  readonly paired: boolean;
  /** How many of the 16 vector registers of x86-64 a loop can fill: V8 keeps one for itself, and versions before 13 another. */
  readonly registers: number;
}

/** Multiplications and additions that round apart, whose results are the same everywhere. One register is for the product. */
export const roundedVectors: VectorFeatures = { relaxed: false, paired: false, registers: 14 };

/** Whether WebAssembly is there, has vectors of 128 bits, and is not forbidden by a page's Content-Security-Policy. */
export function hasVectors(): boolean {
  try {
    return new WebAssembly.Module(probe(false)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** The fastest vectors of this machine. */
export function fastestVectors(): VectorFeatures {
  if (!isNode) return allowsRelaxed() ? { ...roundedVectors, relaxed: true, registers: 15 } : roundedVectors;
  if (!allowsRelaxed()) turnRelaxedOn();
  if (!allowsRelaxed()) return roundedVectors;
  const [version = 0] = process.versions.v8.split(".").map(Number);
  return version < 13
    ? { relaxed: true, paired: false, registers: 14 }
    : { relaxed: true, paired: pairsVectors(), registers: 15 };
}

function allowsRelaxed(): boolean {
  return WebAssembly.validate(probe(true));
}

/**
 * Node 20 has relaxed SIMD behind a switch of V8, which is turned on for the whole process.
 *
 * Source: https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags
 */
function turnRelaxedOn(): void {
  process.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** Whether this process was started so that V8 joins vectors, which it can from version 13 on. Nothing else tells. */
function pairsVectors(): boolean {
  return process.execArgv.includes("--experimental-wasm-revectorize");
}

/** A module that is valid where vectors, or fused multiply-adds of vectors, can be used. */
function probe(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ minimum: 0, maximum: 0, shared: false });
  module.function({ parameters: ["v128"], result: "v128" }, (body, x) => {
    body.return(relaxed ? f32x4.relaxedMultiplyAdd(x, x, x) : f32x4.mul(x, x));
  });
  return module.finish();
}
