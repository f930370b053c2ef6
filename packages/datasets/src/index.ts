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
export { rasterize, type Point, type Stroke } from "./drawing.js";
export { decodeIdx, encodeIdx, readIdx, type DecodeIdxOptions, type Idx } from "./idx.js";
export { encodePng } from "./images/encode-png.js";
export { ImageFolder, imageFolder, type ImageFolderOptions } from "./images/image-folder.js";
export type { ImageSize } from "./images/image-size.js";
export { decodeImage, readImage, type ImageOptions } from "./images/image.js";
export { resize } from "./images/resize.js";
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
export {
  BytePairTokenizer,
  readTokenizer,
  type TrainTokenizerOptions,
} from "./tokenizer/byte-pair-tokenizer.js";
export { Vocabulary } from "./vocabulary.js";
