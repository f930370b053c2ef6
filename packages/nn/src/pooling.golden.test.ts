import { readCases, testLayers, type LayerCase } from "./golden-cases.js";
import {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  MaxPool1d,
} from "./index.js";

// Every case of the file that golden/pooling.py wrote. MaxPool2d is among those of golden/make.py.
testLayers(readCases("pooling") as LayerCase[], {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  MaxPool1d,
});
