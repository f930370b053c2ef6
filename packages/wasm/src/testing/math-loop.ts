import { i32, MathLibrary, emitElementwise, v128 } from "@stargrad/codegen";
import { primitives, type FloatType, type TranscendentalName } from "@stargrad/graph";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
import { roundedVectors } from "../vector-features.js";

type FloatArray = Float32Array | Float64Array;

export interface LoopOptions {
  readonly relaxed: boolean;
}

/** One function over arrays, for tests and measurements. */
export interface MathLoop<A extends FloatArray> {
  readonly inputs: readonly A[];
  readonly output: A;
  /** Reads all of the inputs and writes all of the output. */
  readonly run: () => void;
}

const pageBytes = 65536;
const arrayBytes = pageBytes / 4;

/** Compiles a loop whose arrays together fill one page of a separate memory, so that they stay in the L1 or L2 cache. */
export function mathLoop<A extends FloatArray>(
  name: TranscendentalName,
  array: new (buffer: ArrayBufferLike, offset: number, length: number) => A,
  options: LoopOptions,
): MathLoop<A> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const dtype = isFloat32(array) ? "float32" : "float64";
  const module = new WebAssembly.Module(loopModule(name, dtype, options));
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports as { run: () => void };
  const size = arrayBytes / (dtype === "float32" ? 4 : 8);
  const [first, second, output] = [0, 1, 2].map((k) => new array(memory.buffer, k * arrayBytes, size));
  return { inputs: [first, second].slice(0, primitives[name].arity), output, run };
}

function isFloat32(array: unknown): boolean {
  return array === Float32Array;
}

function loopModule(
  name: TranscendentalName,
  dtype: FloatType,
  { relaxed }: LoopOptions,
): Uint8Array<ArrayBuffer> {
  const module = new WasmModuleBuilder({ minimum: 1, maximum: 1, shared: false });
  const math = new MathLibrary(module, { ...roundedVectors, relaxed });
  module.function(
    { parameters: [], result: null },
    (body) => {
      body.for({ to: i32.const(arrayBytes), step: 16 }, (i) => {
        const inputs = [v128.load(i), v128.load(i, arrayBytes)].slice(0, primitives[name].arity);
        body.store(i, emitElementwise(name, dtype, { inputs, to: dtype, body, math }), 2 * arrayBytes);
      });
    },
    "run",
  );
  return module.finish();
}
