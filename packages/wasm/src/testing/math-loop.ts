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

/** Compiles a loop whose arrays together fill one page of memory of its own, so that they stay in the nearest cache. */
export function mathLoop<A extends FloatArray>(
  name: MathName,
  array: new (buffer: ArrayBufferLike, offset: number, length: number) => A,
  options: LoopOptions,
): MathLoop<A> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const dtype = isFloat32(array) ? "float32" : "float64";
  const module = new WebAssembly.Module(loopModule(name, dtype, options));
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports as { run: () => void };
  const size = arrayBytes / (dtype === "float32" ? 4 : 8);
  const [first, second, output] = [0, 1, 2].map((k) => new array(memory.buffer, k * arrayBytes, size));
  return { inputs: name === "pow" ? [first, second] : [first], output, run };
}

function isFloat32(array: unknown): boolean {
  return array === Float32Array;
}

function loopModule(name: MathName, dtype: FloatType, { relaxed }: LoopOptions): Uint8Array<ArrayBuffer> {
  const module = new WasmModuleBuilder({ minimum: 1, maximum: 1, shared: false });
  const library = new MathLibrary(module, { ...roundedVectors, relaxed });
  module.function(
    { parameters: [], result: null },
    (body) => {
      body.for({ to: i32.const(arrayBytes), step: 16 }, (i) => {
        const inputs = [v128.load(i), v128.load(i, arrayBytes)].slice(0, name === "pow" ? 2 : 1);
        body.store(i, library.inline(body, name, dtype, ...inputs), 2 * arrayBytes);
      });
    },
    "run",
  );
  return module.finish();
}
import { MathLibrary, i32, v128, type FloatType, type MathName } from "@stargrad/codegen";
import { roundedVectors } from "../vector-features.js";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
