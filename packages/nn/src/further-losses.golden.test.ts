import type { Tensor } from "@stargrad/tensor";

import { readCases, testLosses, type LossCase } from "./golden-cases.js";
import {
  binaryCrossEntropy,
  cosineEmbeddingLoss,
  ctcLoss,
  hingeEmbeddingLoss,
  huberLoss,
  klDivLoss,
  l1Loss,
  nllLoss,
  smoothL1Loss,
  tripletMarginLoss,
  type CtcOptions,
} from "./index.js";

// Every case of the file that golden/further-losses.py wrote.
testLosses(readCases("further-losses") as LossCase[], {
  binaryCrossEntropy,
  cosineEmbeddingLoss,
  ctcLoss: (logits: Tensor, targets: Tensor, options: CtcOptions) =>
    ctcLoss(logits.logSoftmax(), targets, options),
  hingeEmbeddingLoss,
  huberLoss,
  klDivLoss,
  l1Loss,
  nllLoss,
  smoothL1Loss,
  tripletMarginLoss,
});
