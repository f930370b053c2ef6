import { readCases, testLayers, type LayerCase } from "./golden-cases.js";
import { PixelShuffle, Unflatten, Upsample } from "./index.js";

// Every case of the file that golden/reshaping.py wrote.
testLayers(readCases("reshaping") as LayerCase[], { PixelShuffle, Unflatten, Upsample });
