import type { Program, SimpleKernel } from "@stargrad/compiler";
import type { ModuleBuilder } from "./assembler/module-builder.js";
import { indexingWriter } from "./indexing/indexing-writer.js";
import type { KernelContext, KernelWriter } from "./kernel-context.js";
import { scratchBytesOf, writeFill, writeMap, writeRows } from "./loops.js";
import { ProductLibrary, writeProduct } from "./product.js";
import { writeReduce } from "./reductions.js";
import type { VectorFeatures } from "./vector-features.js";

/** Knows how each kind of kernel is written in WebAssembly. */
export class KernelLibrary {
  readonly #products: ProductLibrary;

  constructor(module: ModuleBuilder, vectors: VectorFeatures) {
    this.#products = new ProductLibrary(module, vectors);
  }

  writerFor(kernel: SimpleKernel, program: Pick<Program, "buffers">): KernelWriter {
    switch (kernel.kind) {
      case "map":
        return withoutScratch((context) => {
          writeMap(kernel, context);
        });
      case "reduce":
        return withoutScratch((context) => {
          writeReduce(kernel, context);
        });
      case "rows": {
        const write = (context: KernelContext): void => {
          writeRows(kernel, context);
        };
        return { scratchBytes: scratchBytesOf(kernel, program), write };
      }
      case "fill":
        return withoutScratch((context) => {
          writeFill(kernel, context);
        });
      case "product": {
        const product = this.#products.functionFor(kernel);
        const write = (context: KernelContext): void => {
          writeProduct(product, context);
        };
        return { scratchBytes: product.scratchBytes, write };
      }
      default:
        return indexingWriter(kernel, program);
    }
  }
}

function withoutScratch(write: (context: KernelContext) => void): KernelWriter {
  return { scratchBytes: 0, write };
}
