export type { ModelInputs, OutputShapeOptions } from "./dry-run.js";
export * as init from "./init.js";
export { AdaptiveAvgPool1d } from "./layers/adaptive-avg-pool1d.js";
export { AdaptiveAvgPool2d } from "./layers/adaptive-avg-pool2d.js";
export { AdaptiveMaxPool1d } from "./layers/adaptive-max-pool1d.js";
export { AdaptiveMaxPool2d } from "./layers/adaptive-max-pool2d.js";
export type { OutputLength } from "./layers/adaptive-pooling.js";
export { AvgPool1d, type AvgPool1dOptions } from "./layers/avg-pool1d.js";
export { AvgPool2d, type AvgPool2dOptions } from "./layers/avg-pool2d.js";
export { BatchNorm1d, type BatchNormOptions } from "./layers/batch-norm1d.js";
export { BatchNorm2d } from "./layers/batch-norm2d.js";
export { Bilinear, type BilinearOptions } from "./layers/bilinear.js";
export { ConvTranspose1d, type ConvTranspose1dOptions } from "./layers/conv-transpose1d.js";
export { ConvTranspose2d, type ConvTranspose2dOptions } from "./layers/conv-transpose2d.js";
export { ConvTranspose3d, type ConvTranspose3dOptions } from "./layers/conv-transpose3d.js";
export { Conv1d, type Conv1dOptions } from "./layers/conv1d.js";
export { Conv2d, type Conv2dOptions } from "./layers/conv2d.js";
export { Conv3d, type Conv3dOptions } from "./layers/conv3d.js";
export { Dropout } from "./layers/dropout.js";
export { Dropout2d } from "./layers/dropout2d.js";
export { ELU } from "./layers/elu.js";
export { Embedding, type EmbeddingOptions } from "./layers/embedding.js";
export { Flatten, type FlattenOptions } from "./layers/flatten.js";
export { GELU, type GELUOptions } from "./layers/gelu.js";
export { GLU, type GLUOptions } from "./layers/glu.js";
export { GroupNorm, type GroupNormOptions } from "./layers/group-norm.js";
export { GRU } from "./layers/gru.js";
export { GRUCell } from "./layers/gru-cell.js";
export { Hardtanh } from "./layers/hardtanh.js";
export { Identity } from "./layers/identity.js";
export { InstanceNorm2d, type InstanceNorm2dOptions } from "./layers/instance-norm2d.js";
export { LayerNorm, type LayerNormOptions } from "./layers/layer-norm.js";
export { LeakyReLU } from "./layers/leaky-relu.js";
export { Linear, type LinearOptions } from "./layers/linear.js";
export { LogSoftmax, type LogSoftmaxOptions } from "./layers/log-softmax.js";
export { LSTM, type LSTMState } from "./layers/lstm.js";
export { LSTMCell, type LSTMCellState } from "./layers/lstm-cell.js";
export { MaxPool1d, type MaxPool1dOptions } from "./layers/max-pool1d.js";
export { MaxPool2d, type MaxPool2dOptions } from "./layers/max-pool2d.js";
export { Mish } from "./layers/mish.js";
export { ModuleDict } from "./layers/module-dict.js";
export { ModuleList } from "./layers/module-list.js";
export {
  MultiheadAttention,
  type AttentionMasks,
  type MultiheadAttentionInputs,
  type MultiheadAttentionOptions,
} from "./layers/multihead-attention.js";
export { PixelShuffle } from "./layers/pixel-shuffle.js";
export { PReLU, type PReLUOptions } from "./layers/prelu.js";
export type { SoftmaxOptions } from "./layers/probability-layer.js";
export type { RecurrentOptions, SequenceOptions } from "./layers/recurrent.js";
export type { RecurrentCellOptions } from "./layers/recurrent-cell.js";
export { ReLU } from "./layers/relu.js";
export { Residual } from "./layers/residual.js";
export { RMSNorm, type RMSNormOptions } from "./layers/rms-norm.js";
export { RNN, type RNNOptions, type RNNState } from "./layers/rnn.js";
export { RNNCell, type CellState, type RNNCellOptions } from "./layers/rnn-cell.js";
export {
  RotaryEmbedding,
  type RotaryEmbeddingInputs,
  type RotaryEmbeddingOptions,
} from "./layers/rotary-embedding.js";
export { scaledDotProductAttention, type AttentionOptions } from "./layers/scaled-dot-product-attention.js";
export { SELU } from "./layers/selu.js";
export { Sequential, type Layer } from "./layers/sequential.js";
export { Sigmoid } from "./layers/sigmoid.js";
export { SiLU } from "./layers/silu.js";
export { Softmax } from "./layers/softmax.js";
export { Softplus, type SoftplusOptions } from "./layers/softplus.js";
export { Tanh } from "./layers/tanh.js";
export { TransformerDecoder } from "./layers/transformer-decoder.js";
export { TransformerDecoderLayer, type DecoderMasks } from "./layers/transformer-decoder-layer.js";
export { TransformerEncoder, type TransformerStackOptions } from "./layers/transformer-encoder.js";
export { TransformerEncoderLayer } from "./layers/transformer-encoder-layer.js";
export type { TransformerLayerOptions } from "./layers/transformer-options.js";
export { Unflatten } from "./layers/unflatten.js";
export { Upsample, type UpsampleOptions } from "./layers/upsample.js";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyOptions,
  type WeightedLossOptions,
} from "./losses/binary-cross-entropy.js";
export { cosineEmbeddingLoss, type CosineEmbeddingOptions } from "./losses/cosine-embedding.js";
export { crossEntropy, type CrossEntropyOptions } from "./losses/cross-entropy.js";
export { ctcLoss, type CtcOptions } from "./losses/ctc.js";
export { hingeEmbeddingLoss, type HingeEmbeddingOptions } from "./losses/hinge-embedding.js";
export { huberLoss, smoothL1Loss, type HuberOptions, type SmoothL1Options } from "./losses/huber.js";
export { klDivLoss, type KlDivOptions } from "./losses/kl-div.js";
export { l1Loss } from "./losses/l1.js";
export { mseLoss } from "./losses/mse.js";
export { nllLoss, type NllOptions } from "./losses/nll.js";
export type { LossOptions, Reduction } from "./losses/reduction.js";
export { tripletMarginLoss, type TripletMarginOptions } from "./losses/triplet-margin.js";
export { Module } from "./module.js";
export type { Pair, Triple } from "./options.js";
export { outputShape, type ShapesOf } from "./output-shape.js";
export type { DeclaredRule, InputShape, ShapeRule } from "./shape-rule.js";
export { summary, Summary, type SummaryOptions, type SummaryRow } from "./summary.js";
export type { ELUOptions, HardtanhOptions, LeakyReLUOptions } from "@stargrad/tensor";
