import { Generator } from "@stargrad/tensor";

/** The generator of an epoch. */
export function epochGenerator(seed: number, epoch: number): Generator {
  const generator = new Generator(seed);
  generator.restore({ seed, block: epoch });
  // Split, because a generator with the same seed, for example for weights, may also draw from block `epoch`.
  return generator.split();
}

/** A generator for each item, which depends on the seed, the epoch and the index alone. Each has 2²¹ numbers for itself. */
export function itemGenerators(seed: number, epoch: number, indices: Int32Array): readonly Generator[] {
  // Split again: the first numbers of the generator of an epoch are those of a sampler with this seed.
  const epochs = epochGenerator(seed, epoch).split().state().seed;
  return Array.from(indices, (index) => {
    const generator = new Generator(epochs);
    generator.restore({ seed: epochs, block: index * 2 ** 21 });
    return generator;
  });
}
