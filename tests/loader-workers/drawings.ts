import {
  itemDataset,
  mapDataset,
  padSequences,
  randomAffine,
  randomFlip,
  type Dataset,
} from "@stargrad/datasets";
import { Generator, normal, tensor, type Tensor } from "@stargrad/tensor";

// A dataset with everything that a batch may contain, for the loader and its workers.

export interface DrawingsOptions {
  readonly items: number;
  /** What happens at the item 5: an error, or what ends or stops a thread. Default: nothing. */
  readonly accident?: "throw" | "reject" | "text" | "exit" | "memory" | "uncaught" | "draw" | "function";
}

/** The type of a batch. */
export interface Drawings {
  /** [B, 1, 6, 6], turned and mirrored at random. */
  readonly x: Tensor;
  readonly size: { readonly area: Tensor; readonly isLarge: Tensor };
  readonly names: string[];
  /** Not of equal lengths. */
  readonly strokes: { readonly values: Tensor; readonly lengths: Tensor };
  readonly bytes: readonly Uint8Array[];
  readonly made: readonly Date[];
  readonly nothing: null;
}

/** Drawings that are made as asynchronous items, put together with padding, and changed at random. */
export function drawings({ items, accident }: DrawingsOptions): Dataset<Promise<Drawings>> {
  const source = {
    length: items,
    async get(index: number, epoch: number) {
      if (index === 5) await happen(accident);
      const generator = new Generator(index);
      return {
        x: normal([1, 6, 6], { generator }),
        area: index % 3 === 0 ? -0 : Math.fround(1 / index),
        name: `drawing ${index}`,
        stroke: Int32Array.from({ length: index % 4 }, (_, i) => index + i + epoch),
      };
    },
  };
  const data = itemDataset(source, {
    collate: (all) => ({
      x: tensor(all.map(({ x }) => x.toArraySync())),
      size: {
        area: tensor(
          all.map(({ area }) => area),
          { dtype: "float64" },
        ),
        isLarge: tensor(all.map(({ area }) => area > 0.2)),
      },
      names: all.map(({ name }) => name),
      strokes: padSequences(
        all.map(({ stroke }) => stroke),
        { value: -1 },
      ),
      // Views of one buffer, which must not be taken away from it.
      bytes: all.map((_, i) => shared.subarray(i % 8, 8)),
      made: all.map(({ stroke }) => new Date(stroke.length)),
      nothing: null,
    }),
  });
  return mapDataset(
    data,
    (batch, { generators }) => ({
      ...batch,
      x: randomAffine(randomFlip(batch.x, { generators }), { degrees: 30, generators }).mul(0.1),
    }),
    { seed: 3 },
  );
}

const shared = Uint8Array.from({ length: 8 }, (_, i) => i);

function tearThePage(): never {
  throw Object.assign(new TypeError("torn page"), { code: "TORN" });
}

async function happen(accident: DrawingsOptions["accident"]): Promise<void> {
  if (accident === "throw") tearThePage();
  if (accident === "reject") await Promise.reject(new RangeError("too far"));
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- what others throw
  if (accident === "text") throw "just a text";
  if (accident === "exit") process.exit(3);
  if (accident === "draw") normal([1]);
  if (accident === "uncaught") {
    setTimeout(() => {
      throw new Error("from a timer");
    });
    await new Promise(() => undefined);
  }
  if (accident === "memory") {
    const held: number[][] = [];
    for (;;) held.push(new Array<number>(1_000_000).fill(0.5));
  }
}
