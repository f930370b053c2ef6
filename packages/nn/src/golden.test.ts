import { readCases, testLayers, testLosses, type LayerCase, type LossCase } from "./golden-cases.js";
import {
  binaryCrossEntropyWithLogits,
  Conv2d,
  crossEntropy,
  Flatten,
  GELU,
  Linear,
  MaxPool2d,
  mseLoss,
  ReLU,
  Sigmoid,
  Tanh,
} from "./index.js";

// Every case of the files that golden/make.py wrote.
testLayers(readCases("layers") as LayerCase[], {
  Conv2d,
  Flatten,
  GELU,
  Linear,
  MaxPool2d,
  ReLU,
  Sigmoid,
  Tanh,
});
testLosses(readCases("losses") as LossCase[], { binaryCrossEntropyWithLogits, crossEntropy, mseLoss });
