/** A file of a set, as its authors published it. */
export interface PublishedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A set that can be downloaded. */
export interface PublishedSet {
  /** Where the files are, each with a slash at its end: the first address, and those to try after it. */
  readonly addresses: readonly string[];
  readonly files: readonly PublishedFile[];
  /** If the only file is a tar archive: the files in it, which are unpacked. */
  readonly unpacked?: readonly { readonly name: string; readonly bytes: number }[];
}

/** The training and the test pictures of sets in MNIST's format. */
function fourFiles(
  addresses: readonly string[],
  files: readonly (readonly [bytes: number, sha256: string])[],
) {
  const names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  return {
    addresses,
    files: files.map(([bytes, sha256], i) => ({ name: `${names[i]}-ubyte.gz`, bytes, sha256 })),
  };
}

/** 10,000 pictures of CIFAR-10 are in each of its files. */
const cifar10Bytes = 10_000 * 3073;

export const publishedSets = {
  mnist: /* @__PURE__ */ fourFiles(
    ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
    [
      [9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
      [28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
      [1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
      [4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
    ],
  ),
  "fashion-mnist": /* @__PURE__ */ fourFiles(
    [
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ],
    [
      [26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
      [29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
      [4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
      [5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
    ],
  ),
  cifar10: {
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
      },
    ],
    unpacked: [
      { name: "data_batch_1.bin", bytes: cifar10Bytes },
      { name: "data_batch_2.bin", bytes: cifar10Bytes },
      { name: "data_batch_3.bin", bytes: cifar10Bytes },
      { name: "data_batch_4.bin", bytes: cifar10Bytes },
      { name: "data_batch_5.bin", bytes: cifar10Bytes },
      { name: "test_batch.bin", bytes: cifar10Bytes },
    ],
  },
  cifar100: {
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: "cifar-100-binary.tar.gz",
        bytes: 168_513_733,
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
      },
    ],
    unpacked: [
      { name: "train.bin", bytes: 50_000 * 3074 },
      { name: "test.bin", bytes: 10_000 * 3074 },
    ],
  },
} satisfies Readonly<Record<string, PublishedSet>>;

/** The sets that {@link downloadDataset} knows. */
export type NamedSet = keyof typeof publishedSets;
