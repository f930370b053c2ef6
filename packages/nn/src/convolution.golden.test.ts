import { readCases, testLayers, type LayerCase } from "./golden-cases.js";
import { Conv1d, Conv3d, ConvTranspose1d, ConvTranspose2d } from "./index.js";

// Every case of the file that golden/convolution.py wrote. Conv2d is among those of golden/make.py.
testLayers(readCases("convolution") as LayerCase[], { Conv1d, Conv3d, ConvTranspose1d, ConvTranspose2d });
