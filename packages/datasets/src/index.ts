export { arrays, type TensorDataset } from "./arrays.js";
export { DataLoader, type DataLoaderOptions, type DataLoaderState, type Sampler } from "./data-loader.js";
export type { Dataset } from "./dataset.js";
export { digits, type DigitsOptions } from "./digits.js";
export { decodeIdx, encodeIdx, readIdx, type DecodeIdxOptions, type Idx } from "./idx.js";
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
export { circles, moons, spirals, xor, type Points, type SyntheticOptions } from "./synthetic.js";
