import type { Program, SimpleKernel, Target } from "@stargrad/compiler";
import { indexingWriter } from "./indexing/indexing-writer.js";
import type { KernelContext, KernelTools, KernelWriter } from "./kernel-context.js";
import { scratchBytesOf, writeFill, writeMap, writeRows } from "./loops.js";
import type { Machine } from "./machine/machine.js";
import type { ModuleBuilder } from "./machine/module-builder.js";
import { MathLibrary } from "./math/math-library.js";
import { ProductLibrary, writeProduct } from "./product.js";
import { writeReduce } from "./reductions.js";

/** Creates the writers of all kinds of kernels in a module, for one machine and one compilation target. */
export class KernelLibrary {
  readonly #tools: KernelTools;
  readonly #products: ProductLibrary;

  constructor(module: ModuleBuilder, machine: Machine, target: Target) {
    this.#tools = { machine, target, math: new MathLibrary(module, machine) };
    this.#products = new ProductLibrary(module, machine);
  }

  writerFor(kernel: SimpleKernel, program: Pick<Program, "buffers">): KernelWriter {
    switch (kernel.kind) {
      case "map":
        return this.#writer((context) => {
          writeMap(kernel, context);
        });
      case "reduce":
        return this.#writer((context) => {
          writeReduce(kernel, context);
        });
      case "rows":
        return this.#writer(
          (context) => {
            writeRows(kernel, context);
          },
          scratchBytesOf(kernel, program, this.#tools.target),
        );
      case "fill":
        return this.#writer((context) => {
          writeFill(kernel, context);
        });
      case "product": {
        const product = this.#products.functionFor(kernel);
        return this.#writer((context) => {
          writeProduct(product, context);
        }, product.scratchBytes);
      }
      default: {
        const { scratchBytes, write } = indexingWriter(kernel, program);
        return this.#writer(write, scratchBytes);
      }
    }
  }

  #writer(write: (context: KernelContext) => void, scratchBytes = 0): KernelWriter {
    return {
      scratchBytes,
      write: (site) => {
        write({ ...site, ...this.#tools });
      },
    };
  }
}
