import { ArgumentError } from "@stargrad/tensor";
import { expectList } from "@stargrad/tensor/internal";

import { expectDataset, expectIndices, type Dataset } from "../dataset.js";
import { batchOfItems, itemsOfBatch } from "./items-of-batch.js";
import { whenAll } from "./later.js";

/**
 * The items of several datasets, one dataset after the other: `concatDatasets([digits, more])`. Their items must be alike: the same fields, with the same
 * shapes and element types. A batch is a tensor, a list with an element for each item, or a record of them.
 *
 * Throws: ArgumentError for no datasets or what is none; reading a batch throws a ShapeError or ArgumentError for items that differ
 * Source: torch.utils.data.ConcatDataset
 */
export function concatDatasets<Batch>(datasets: Iterable<Dataset<Batch>>): Dataset<Batch> {
  const list = expectList("concatDatasets", datasets, "datasets") as Dataset<Batch>[];
  if (list.length === 0) {
    throw new ArgumentError(
      "concatDatasets",
      "got no datasets; expected at least one, as in concatDatasets([a, b])",
    );
  }
  for (const dataset of list) expectDataset("concatDatasets", dataset);
  const ends: number[] = [];
  for (const { length } of list) ends.push((ends.at(-1) ?? 0) + length);
  const [length] = ends.slice(-1);
  return {
    length,
    batch(indices, epoch) {
      expectIndices(indices, length);
      const sources = Array.from(indices, (index) => ends.findIndex((end) => index < end));
      // The usual case of a dataset in order, and that of an empty batch.
      if (sources.every((source) => source === sources[0])) {
        const source = sources[0] ?? 0;
        return list[source].batch(
          indices.map((index) => index - startOf(source)),
          epoch,
        );
      }
      const parts = [...new Set(sources)].map((source) => {
        const places = [...sources.keys()].filter((at) => sources[at] === source);
        const picked = Int32Array.from(places, (at) => indices[at] - startOf(source));
        return { places, batch: list[source].batch(picked, epoch) };
      });
      return whenAll(
        parts.map(({ batch }) => batch),
        (batches) => {
          const items: unknown[] = [];
          for (const [i, { places }] of parts.entries()) {
            const own = itemsOfBatch("concatDatasets", batches[i], places.length);
            for (const [j, at] of places.entries()) items[at] = own[j];
          }
          return batchOfItems("concatDatasets", items);
        },
      ) as Batch;
    },
  };

  function startOf(source: number): number {
    return ends[source] - list[source].length;
  }
}
