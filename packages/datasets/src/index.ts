export { arrays, type TensorDataset } from "./arrays.js";
export {
  catOrDog,
  catsAndDogs,
  type CatOrDogOptions,
  type CatsAndDogsOptions,
} from "./cats-and-dogs/cats-and-dogs.js";
export { logMelSpectrogram, type LogMelOptions } from "./audio/log-mel.js";
export { decodeWav, readWav, type Wav } from "./audio/wav.js";
export { cifar10, cifar100, decodeCifar, type CifarDataset, type CifarOptions } from "./cifar.js";
export { parseJsonLines, readJsonLines, type JsonLinesOptions } from "./json-lines.js";
export type {
  CategoryColumn,
  Column,
  ColumnType,
  DateColumn,
  NumberColumn,
  TextColumn,
} from "./csv/column-types.js";
export { parseCsv, readCsv, type CsvOptions } from "./csv/csv.js";
export { Table, type TableDatasetOptions } from "./csv/table.js";
export type { CsvSource } from "./csv/texts.js";
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from "./data-loader.js";
export type { Dataset } from "./dataset.js";
export { digits, type DigitsOptions } from "./digits.js";
export { downloadDataset, type DownloadOptions, type DownloadProgress } from "./download/download-dataset.js";
export type { NamedSet } from "./download/named-sets.js";
export { distributedSampler, type DistributedSamplerOptions } from "./distributed-sampler.js";
export { rasterize, type Point, type Stroke } from "./drawing.js";
export { decodeIdx, encodeIdx, readIdx, type DecodeIdxOptions, type Idx } from "./idx.js";
export { encodePng } from "./images/encode-png.js";
export { ImageFolder, imageFolder, type ImageFolderOptions } from "./images/image-folder.js";
export type { ImageSize } from "./images/image-size.js";
export { decodeImage, readImage, type ImageOptions } from "./images/image.js";
export { resize } from "./images/resize.js";
export { collate, type Collated } from "./items/collate.js";
export { itemDataset, type ItemDatasetOptions, type ItemSource } from "./items/item-dataset.js";
export { padSequences, type PadSequencesOptions } from "./items/pad-sequences.js";
export { streamBatches, type StreamBatchesOptions } from "./items/stream-batches.js";
export type { Labels } from "./labels.js";
export { readParquet, streamParquet, type ParquetOptions } from "./parquet/parquet.js";
export { randomSampler, type Order, type RandomSamplerOptions, type Sampler } from "./sampler.js";
export type { NamedBlob, Source } from "./source.js";
export {
  starCorners,
  starPixels,
  starSize,
  starStrokes,
  strokeCorners,
  wobblyStart,
  type StarOptions,
  type Strokes,
} from "./star.js";
export {
  blobs,
  circles,
  linear,
  moons,
  spirals,
  xor,
  type BlobsOptions,
  type Points,
  type SyntheticOptions,
} from "./synthetic.js";
export {
  readText,
  splitTokens,
  textWindows,
  type SplitTokensOptions,
  type TextWindowsOptions,
} from "./text.js";
export { affine, randomAffine, type RandomAffineOptions } from "./transforms/affine.js";
export { colorJitter, type ColorJitterOptions } from "./transforms/color-jitter.js";
export type { RandomTransformOptions } from "./transforms/images.js";
export { cutmix, type CutmixOptions } from "./transforms/cutmix.js";
export { mixup, type MixupOptions } from "./transforms/mixup.js";
export { normalize, type NormalizeOptions } from "./transforms/normalize.js";
export { OneHotEncoder, type OneHotEncoderState } from "./transforms/one-hot-encoder.js";
export { randomCrop, type RandomCropOptions } from "./transforms/random-crop.js";
export { randomErase, type RandomEraseOptions } from "./transforms/random-erase.js";
export { randomFlip, type RandomFlipOptions } from "./transforms/random-flip.js";
export { fitStandardizer, Standardizer, type StandardizerState } from "./transforms/standardizer.js";
export { cacheDataset } from "./views/cache-dataset.js";
export { concatDatasets } from "./views/concat-datasets.js";
export { filterDataset, type Mask } from "./views/filter-dataset.js";
export type { Later } from "./views/later.js";
export { mapDataset, type Items, type MapDatasetOptions } from "./views/map-dataset.js";
export { splitDataset, stratifiedSplit, type Parts, type SplitOptions } from "./views/split-dataset.js";
export { subset } from "./views/subset.js";
export {
  BytePairTokenizer,
  readTokenizer,
  type Tokenizer,
  type TrainTokenizerOptions,
} from "./tokenizer/byte-pair-tokenizer.js";
export { WordPieceTokenizer } from "./tokenizer/word-piece-tokenizer.js";
export { Vocabulary } from "./vocabulary.js";
export type { LoaderWorker } from "./workers/loader-worker.js";
export { serveDataset } from "./workers/serve-dataset.js";
export {
  balancedSampler,
  weightedSampler,
  type BalancedSamplerOptions,
  type WeightedSamplerOptions,
} from "./weighted-sampler.js";
