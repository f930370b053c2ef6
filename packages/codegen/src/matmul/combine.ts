import { i32, v128, type Expression } from "../machine/expression.js";
import type { FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { entry, plus, times } from "./addressing.js";
import { elementOf } from "./element.js";
import type { MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/**
 * Writes sums[i, j] = Σ_p few[i, p] · many[p, j] for j from `first` to `end`, where many[p, j] and many[p, j + 1] are
 * neighbours. Each pass adds the products of a few p to the sums of all j, so that `many` is read once, in memory order.
 */
export function emitCombine(
  module: ModuleBuilder,
  spec: MatmulSpec,
  few: number,
  sumStride: number,
): FunctionReference<null> {
  const {
    k,
    machine: { relaxed },
  } = spec;
  const element = elementOf(spec.dtype, spec.machine);
  const { lanes, size, vectorBytes } = element;
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, fewBase, fewLines, fewDepths, manyBase, manyLines, manyDepths, sums, first, end) => {
      const start = body.keep(i32.add(manyBase, i32.load(entry(manyLines, first))));
      const offset = body.local("i32");
      const wholeBytes = body.keep(times(i32.and(i32.sub(end, first), i32.const(-lanes)), size));
      const bytes = body.keep(times(i32.sub(end, first), size));
      const firstSum = body.keep(i32.add(sums, times(first, size)));
      // All factors and one sum fit in registers.
      const unroll = Math.max(1, Math.floor(8 / few));
      const factors = Array.from({ length: unroll }, () =>
        Array.from({ length: few }, () => body.local("v128")),
      );
      const sources = Array.from({ length: unroll }, () => body.local("i32"));
      const vectors = Array.from({ length: unroll }, () => body.local("v128"));
      const sum = body.local("v128");

      /** Adds the next `steps` products to every sum. If `starting`, the sums start at 0. */
      const pass = (p: Int, steps: number, starting: boolean): void => {
        for (let q = 0; q < steps; q++) {
          const depth = body.keep(plus(p, q));
          sources[q].set(i32.add(start, i32.load(entry(manyDepths, depth))));
          const along = body.keep(i32.add(fewBase, i32.load(entry(fewDepths, depth))));
          for (const [i, factor] of factors[q].entries()) {
            factor.set(element.loadSplat(i32.add(along, i32.load(fewLines, 4 * i))));
          }
        }
        const update = (
          load: (address: Int) => Expression<"v128">,
          store: (address: Int, value: Local<"v128">) => void,
        ): void => {
          for (let q = 0; q < steps; q++) vectors[q].set(load(i32.add(sources[q], offset)));
          const target = body.keep(i32.add(firstSum, offset));
          for (let i = 0; i < few; i++) {
            const address = plus(target, i * sumStride);
            sum.set(starting ? v128.zero() : load(address));
            for (let q = 0; q < steps; q++) {
              sum.set(element.multiplyAdd(factors[q][i], vectors[q], sum, relaxed));
            }
            store(address, sum);
          }
        };
        offset.set(i32.const(0));
        body.while(i32.lessUnsigned(offset, wholeBytes), () => {
          update(
            (address) => v128.load(address),
            (address, value) => {
              body.store(address, value);
            },
          );
          offset.set(plus(offset, vectorBytes));
        });
        body.while(i32.lessUnsigned(offset, bytes), () => {
          update(
            (address) => element.loadFirst(address),
            (address, value) => {
              body.store(address, element.first(value));
            },
          );
          offset.set(plus(offset, size));
        });
      };
      const startSteps = Math.min(k, unroll);
      pass(i32.const(0), startSteps, true);
      const rest = (k - startSteps) % unroll;
      body.for({ from: i32.const(startSteps), to: i32.const(k - rest), step: unroll }, (p) => {
        pass(p, unroll, false);
      });
      if (rest > 0) pass(i32.const(k - rest), rest, false);
    },
  );
}
