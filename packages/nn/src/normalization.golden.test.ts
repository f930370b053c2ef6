import { readCases, testLayers, type LayerCase } from "./golden-cases.js";
import { BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from "./index.js";

// Every case of the file that golden/normalization.py wrote.
testLayers(readCases("normalization") as LayerCase[], {
  BatchNorm1d,
  BatchNorm2d,
  GroupNorm,
  InstanceNorm2d,
  LayerNorm,
  RMSNorm,
});
