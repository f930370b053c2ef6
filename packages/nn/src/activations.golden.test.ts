import { readCases, testLayers, type LayerCase } from "./golden-cases.js";
import {
  ELU,
  Hardtanh,
  Identity,
  LeakyReLU,
  LogSoftmax,
  Mish,
  PReLU,
  SELU,
  SiLU,
  Softmax,
  Softplus,
} from "./index.js";

// Every case of the file that golden/activations.py wrote. The first activations are among those of golden/make.py.
testLayers(readCases("activations") as LayerCase[], {
  ELU,
  Hardtanh,
  Identity,
  LeakyReLU,
  LogSoftmax,
  Mish,
  PReLU,
  SELU,
  SiLU,
  Softmax,
  Softplus,
});
