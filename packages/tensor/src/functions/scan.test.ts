import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arange,
  concat,
  defaultGenerator,
  Generator,
  ones,
  randomBits,
  scan,
  stack,
  tensor,
  uniform,
  where,
  zeros,
  type Tensor,
} from "../index.js";
import { record, trace } from "../internal.js";

describe("scan", () => {
  it("carries from slice to slice and stacks what each iteration returns", () => {
    const { carry, y } = scan(
      (sum, x) => ({ carry: sum.add(x), y: sum.mul(x) }),
      zeros([2]),
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(carry.toArraySync()).toEqual([9, 12]);
    expect(y.shape).toEqual([3, 2]);
    expect(y.toArraySync()).toEqual([
      [0, 0],
      [3, 8],
      [20, 36],
    ]);
  });

  it("goes from the last slice to the first, and stacks in the order of the slices", () => {
    const { carry, y } = scan(
      (sum, x) => ({ carry: sum.mul(2).add(x), y: sum }),
      zeros([]),
      arange(3).cast("float32"),
      {
        reverse: true,
      },
    );
    expect(carry.itemSync()).toBe(((0 * 2 + 2) * 2 + 1) * 2);
    expect(y.toArraySync()).toEqual([5, 2, 0]);
  });

  it("keeps the nesting of carries, slices and results", () => {
    const { carry, y } = scan(
      ({ total, last }, [a, { b }]) => {
        const sum = total.add(a).add(b);
        return { carry: { total: sum, last: [a] }, y: { sum, before: last } };
      },
      { total: zeros([]), last: [zeros([])] },
      [tensor([1, 2]), { b: tensor([10, 20]) }] as const,
    );
    expect(carry.total.itemSync()).toBe(33);
    expect(carry.last[0].itemSync()).toBe(2);
    expect(y.sum.toArraySync()).toEqual([11, 33]);
    expect(y.before[0].toArraySync()).toEqual([0, 1]);
  });

  it("needs no sequences, no carry, no y", () => {
    const counted = scan((n: Tensor) => ({ carry: n.add(1), y: n }), tensor(0, { dtype: "int32" }), null, {
      length: 4,
    });
    expect(counted.carry.itemSync()).toBe(4);
    expect(counted.y.toArraySync()).toEqual([0, 1, 2, 3]);
    expect(scan((_, x) => ({ carry: {}, y: x.mul(2) }), {}, tensor([1, 2])).y.toArraySync()).toEqual([2, 4]);
    const only = scan((sum, x) => ({ carry: sum.add(x) }), zeros([]), tensor([1, 2]));
    expect(only.carry.itemSync()).toBe(3);
    expect(only.y).toBeUndefined();
    expect(scan(() => ({ carry: [] }), [], null, { length: 2 })).toEqual({ carry: [], y: undefined });
    expect(scan(() => ({ carry: [], y: ones([2]) }), [], null, { length: 2 }).y.toArraySync()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it("reads constants of the loop together, also if no one loop over memory can", () => {
    const x = tensor([1, 2, 3, 4, 5, 7]);
    const [a, b] = ([2, 3] as const).map((rows) => x.reshape([rows, -1]).permute([1, 0]).reshape([6]));
    const step = (h: Tensor): Tensor => where(h.greater(5), a, b).add(h);
    const start = tensor([0, 1, 2, 0, 0, 1]);
    const nested = (h: Tensor): Tensor =>
      scan((inner: Tensor) => ({ carry: step(inner) }), h, null, { length: 2 }).carry;
    const { carry, y } = scan((h: Tensor) => ({ carry: nested(h), y: step(h) }), start, null, { length: 2 });
    expect(carry.toArraySync()).toEqual(step(step(step(step(start)))).toArraySync());
    expect(y.toArraySync()).toEqual([step(start), step(step(step(start)))].map((h) => h.toArraySync()));
  });

  it("of no iterations is the initial carry and empty stacks", () => {
    const { carry, y } = scan(
      (h, x) => ({ carry: h.add(x), y: [h, x.greater(0)] }),
      ones([2]),
      zeros([0, 2]),
    );
    expect(carry.toArraySync()).toEqual([1, 1]);
    expect(y.map(({ shape, dtype }) => `${dtype} ${shape.join()}`)).toEqual(["float32 0,2", "bool 0,2"]);
  });
});

describe("draws in a loop", () => {
  /** What one iteration does: draws of some sizes from either generator, and loops of more of them. */
  type Draws = readonly (
    readonly [first: boolean, size: number] | { readonly length: number; readonly draws: Draws }
  )[];
  const { draws } = fc.letrec<{ draws: Draws }>((tie) => ({
    draws: fc.array(
      fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 })),
        fc.record({ length: fc.integer({ min: 0, max: 3 }), draws: tie("draws") }),
      ),
      { maxLength: 3 },
    ),
  }));

  it("are those of a plain loop, to the bit, in any nesting and direction", () => {
    fc.assert(
      fc.property(draws, fc.integer({ min: 0, max: 4 }), fc.boolean(), (recipe, length, reverse) => {
        // The first runs over into the upper half of its counter soon.
        const generators = [new Generator(2 ** 40 + 5), new Generator(1)];
        const starts = [
          { seed: 2 ** 40 + 5, block: 2 ** 32 - 4 },
          { seed: 1, block: 0 },
        ];
        const run = (loop: (f: () => Tensor, length: number) => Tensor): number[] => {
          generators.forEach((generator, i) => {
            generator.restore(starts[i]);
          });
          const drawAll = (each: Draws): Tensor =>
            concat([
              zeros([0], { dtype: "int32" }),
              ...each.map((draw) =>
                "length" in draw && "draws" in draw
                  ? loop(() => drawAll(draw.draws), draw.length).flatten()
                  : randomBits([draw[1]], { generator: generators[Number(draw[0])] }),
              ),
            ]);
          return [
            ...loop(() => drawAll(recipe), length)
              .flatten()
              .dataSync(),
          ];
        };
        const looped = run(
          (f, steps) => scan(() => ({ carry: {}, y: f() }), {}, null, { length: steps, reverse }).y,
        );
        const after = generators.map((generator) => generator.state());
        const plain = run((f, steps) => {
          const outputs = Array.from({ length: steps }, f);
          return outputs.length === 0
            ? zeros([0], { dtype: "int32" })
            : stack(reverse ? outputs.reverse() : outputs);
        });
        expect(looped).toEqual(plain);
        expect(generators.map((generator) => generator.state())).toEqual(after);
      }),
    );
  });

  it("are one leaf of a recorded function for each generator, which says what to reserve", () => {
    const generator = new Generator(1);
    const { draws: made } = record(() =>
      scan(() => ({ carry: {}, y: [uniform([5], { generator }), uniform([1], { generator })] }), {}, null, {
        length: 3,
        reverse: true,
      }),
    );
    expect(made.map(({ blocks, offsets, start }) => ({ blocks, offsets, shape: start.shape }))).toEqual([
      { blocks: 9, offsets: [6, 8, 3, 5, 0, 2], shape: [3, 2, 4] },
    ]);
    expect(generator.state().block).toBe(0);
  });
});

describe("the function that scan loops over", () => {
  it("is called once, and what does not depend on the iteration is computed outside", () => {
    let calls = 0;
    const seen: string[] = [];
    const { carry } = trace(
      () =>
        scan(
          (h: Tensor) => {
            calls++;
            return { carry: h.mul(ones([2]).exp()) };
          },
          ones([2]),
          null,
          { length: 5 },
        ),
      (node, times) => seen.push(`${node.operation?.primitive} ${times}`),
    );
    expect(calls).toBe(1);
    expect(seen).toContain("mul 5");
    const [{ operation }] = carry.node.operation?.inputs ?? [];
    if (operation?.primitive !== "scan") throw new Error("the carry comes of a loop");
    const { body } = operation.attributes;
    expect([...body.inside].map((node) => node.operation?.primitive)).toEqual(["mul"]);
    expect(body.constants.map((node) => node.operation?.primitive)).toEqual(["exp"]);
  });

  it("cannot read a value or draw a plain number", () => {
    const loop = (f: (h: Tensor) => unknown) => () =>
      scan((h: Tensor) => ({ carry: f(h) as Tensor }), ones([1]), null, { length: 2 });
    expect(loop((h) => h.add(h.itemSync()))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: data: a tensor is read inside of a function that scan loops over, which is called once for all iterations. Return the tensor as a part of y and read it afterwards, or use a plain loop instead of scan]`,
    );
    expect(loop((h) => h.add(defaultGenerator().uniform()))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Generator.uniform: a number is drawn inside of a function that scan loops over, which is called once for all iterations. Return the tensor as a part of y and read it afterwards, or use a plain loop instead of scan]`,
    );
  });

  it("cannot leak its placeholders", () => {
    let leaked: Tensor = zeros([]);
    scan(
      (h: Tensor) => {
        leaked = h.exp();
        return { carry: h };
      },
      ones([2]),
      null,
      { length: 2 },
    );
    expect(() => leaked.dataSync()).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: realize: got a tensor that depends on a value float32 [2] inside the function passed to scan; that value differs in every iteration and does not exist outside. Return the value from the function, as a part of the carry or of y]`,
    );
  });

  it("checks indices as outside of loops", () => {
    const index = tensor([0, 3], { dtype: "int32" });
    const picked = scan((h, i) => ({ carry: h, y: h.take(i) }), ones([3]), index).y;
    expect(() => picked.dataSync()).toThrow("gather: got the index 3 at position 0; expected 0 to 2");
  });

  it("throws for promises in what it returns, whose rejections are handled", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const rejected = () => Promise.reject(new Error("later"));
    const start = zeros([2]);
    for (const returned of [
      rejected,
      () => ({ state: rejected() }),
      () => ({ carry: rejected(), y: rejected() }),
      () => ({ carry: start, y: [rejected(), { a: rejected() }] }),
    ]) {
      expect(() => scan(returned as never, start, null, { length: 2 })).toThrow(/^scan: /);
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
  });

  it("cannot run more often than a loop can count, which was silently not at all", () => {
    const count = () => scan((sum) => ({ carry: sum.add(1) }), zeros([]), null, { length: 2 ** 31 });
    expect(count).toThrow("scan: got length 2147483648; expected a whole number from 0 to 2³¹ − 1");
  });

  it("has to return a carry like the initial one", () => {
    const loop = (next: unknown) => () =>
      scan(() => ({ carry: next as Tensor[] }), [ones([2]), ones([])], null, { length: 2 });
    expect(loop([ones([2]), ones([1])])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: the next carry is [1] for a tensor of []]`,
    );
    expect(loop([ones([2]), ones([]).cast("int32")])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scan: the next carry is int32 for a tensor of float32. Cast it first]`,
    );
    expect(loop([ones([2])])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: scan: the next carry is an array of 1 for an array of 2; expected the same nesting]`,
    );
    expect(() =>
      scan(((h: Tensor) => h) as unknown as () => { carry: Tensor }, ones([2]), null, { length: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: scan: the function did not return { carry, y } (y is optional)]`,
    );
  });
});

describe("the sequences of a scan", () => {
  const f = () => ({ carry: {} });

  it("have one length, which may also be given as an option", () => {
    const of = (sequences: Tensor[], length?: number) => () =>
      scan(f, {}, sequences, length === undefined ? {} : { length });
    expect(of([ones([3]), ones([3, 2])], 3)).not.toThrow();
    expect(of([ones([3]), ones([2, 3])])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: got the sequences [3], [2, 3]; expected one length along their first axes]`,
    );
    expect(of([ones([3])], 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: got the sequences [3] and the length 2; expected one length along their first axes]`,
    );
    expect(of([ones([])])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: got a scalar as a sequence; expected at least one axis, that of the iterations]`,
    );
    expect(of([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: scan: got neither sequences nor a length. Pass { length }]`,
    );
    expect(of([], 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: scan: got length 1.5; expected a whole number from 0 to 2³¹ − 1]`,
    );
  });
});
