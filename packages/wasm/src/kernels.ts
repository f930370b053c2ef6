import type { Kernel, Program } from "@stargrad/compiler";
import type { ModuleBuilder } from "./assembler/module-builder.js";
import { indexingWriter } from "./indexing/indexing-writer.js";
import type { KernelContext } from "./kernel-context.js";
import { scratchBytesOf, writeFill, writeMap, writeRows } from "./loops.js";
import { ProductLibrary, writeProduct } from "./product.js";
import { writeReduce } from "./reductions.js";
import type { VectorFeatures } from "./vector-features.js";

/** A kernel that has been understood and can be written, as often as you like. */
export interface KernelWriter {
  /** How much memory of its own each thread needs. */
  readonly scratchBytes: number;
  /** The error of an index that is out of range; `null` if nothing can fail. */
  readonly failure: ((position: number, index: number) => Error) | null;
  readonly write: (context: KernelContext) => void;
}

/** Knows how each kind of kernel is written in WebAssembly. */
export class KernelLibrary {
  readonly #products: ProductLibrary;

  constructor(module: ModuleBuilder, vectors: VectorFeatures) {
    this.#products = new ProductLibrary(module, vectors);
  }

  writerFor(kernel: Kernel, program: Program): KernelWriter {
    switch (kernel.kind) {
      case "map":
        return infallible((context) => {
          writeMap(kernel, context);
        });
      case "reduce":
        return infallible((context) => {
          writeReduce(kernel, context);
        });
      case "rows": {
        const write = (context: KernelContext): void => {
          writeRows(kernel, context);
        };
        return { ...infallible(write), scratchBytes: scratchBytesOf(kernel, program) };
      }
      case "fill":
        return infallible((context) => {
          writeFill(kernel, context);
        });
      case "product": {
        const product = this.#products.functionFor(kernel);
        const write = (context: KernelContext): void => {
          writeProduct(product, context);
        };
        return { ...infallible(write), scratchBytes: product.scratchBytes };
      }
      default:
        return indexingWriter(kernel, program);
    }
  }
}

function infallible(write: (context: KernelContext) => void): KernelWriter {
  return { scratchBytes: 0, failure: null, write };
}
