"""Writes sequences.json beside it with PyTorch: layers that take or return several tensors, most of them of sequences.

    npm run goldens -- --only nn/golden/sequences

Scaled dot-product attention and rotary position embeddings come from their equations. PyTorch lacks the latter.
"""

import math

import numpy
import torch
from torch import nn

from cases import draw, tensors_case, write_file, write_tensor

cases = []


training = True


def add_case(*arguments, **options):
    cases.append(tensors_case(*arguments, **options, training=training))


def output_of(layer, *inputs, **tensors):
    return {"output": layer(*inputs, **tensors)}


def embedding(index, rows, features, paddingIdx=None):
    options = {} if paddingIdx is None else {"paddingIdx": paddingIdx}
    layer = nn.Embedding(rows, features, padding_idx=paddingIdx)
    add_case("Embedding", layer, [torch.tensor(index)], output_of, (rows, features), options)


embedding([1, 3, 1, 1, 0], 4, 3)
embedding([[2, 0, 2], [1, 2, 2]], 3, 2, paddingIdx=2)
embedding([[3, 0], [4, 3]], 5, 1, paddingIdx=-2)
embedding(0, 1, 1)
embedding([0], 1, 3, paddingIdx=0)


def bilinear(a, b, out, bias=True):
    layer = nn.Bilinear(a.shape[-1], b.shape[-1], out, bias=bias)
    options = {} if bias else {"bias": False}
    add_case("Bilinear", layer, [a, b], output_of, (a.shape[-1], b.shape[-1], out), options)


bilinear(draw(4, 3), draw(4, 5), 2)
bilinear(draw(2, 3, 1), draw(2, 3, 4), 3, bias=False)
bilinear(draw(3), draw(2), 1)
bilinear(draw(1, 1), draw(1, 1), 1)
bilinear(draw(0, 2), draw(0, 3), 2)


def attention(query, key, value, mask=None, causal=False, scale=None):
    def call(_, query, key, value, mask=None):
        factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        scores = query @ key.transpose(-1, -2) * factor
        if mask is not None and mask.dtype == torch.bool:
            scores = scores.masked_fill(~mask, -math.inf)
        elif mask is not None:
            scores = scores + mask
        if causal:
            allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
            scores = scores.masked_fill(~allowed, -math.inf)
        return {"output": scores.softmax(-1) @ value}

    flags = {"causal": causal} if scale is None else {"causal": causal, "scale": scale}
    tensors = {} if mask is None else {"mask": mask}
    inputs = [query, key, value]
    add_case("scaledDotProductAttention", nn.Identity(), inputs, call, tensors=tensors, flags=flags)


some = torch.tensor([[True, False, True, True], [False, True, False, False], [True, True, True, True]])
attention(draw(3, 5), draw(4, 5), draw(4, 2))
attention(draw(2, 3, 5), draw(2, 4, 5), draw(2, 4, 5), some)
attention(draw(2, 2, 3, 1), draw(2, 2, 4, 1), draw(2, 2, 4, 3), draw(2, 1, 3, 4))
attention(draw(2, 4, 3), draw(2, 4, 3), draw(2, 4, 3), causal=True)
attention(draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 1), causal=True, scale=0.3)
attention(draw(1, 4, 2), draw(1, 2, 2), draw(1, 2, 2), causal=True)
attention(draw(1, 1, 1), draw(1, 1, 1), draw(1, 1, 1))
masked = torch.where(some, draw(3, 4), torch.tensor(-math.inf))
attention(draw(3, 5), draw(4, 5), draw(4, 2), masked)


def multihead(query, key, value, heads, features, masks={}, causal=False, average=True, **options):
    def call(layer, query, key, value, attentionMask=None, keyPaddingMask=None):
        if causal:
            attentionMask = torch.ones(len(query), len(key), dtype=torch.bool).triu(1)
        output, weights = layer(
            query,
            key,
            value,
            attn_mask=attentionMask,
            key_padding_mask=keyPaddingMask,
            average_attn_weights=average,
        )
        return {"output": output, "weights": weights}

    names = {"batchFirst": "batch_first"}
    layer = nn.MultiheadAttention(features, heads, **{names.get(k, k): v for k, v in options.items()})
    flags = {"causal": causal, "averageWeights": average}
    inputs = [query] if key is None else [query, key, value]
    run = call if key is not None else lambda layer, x, **tensors: call(layer, x, x, x, **tensors)
    add_case("MultiheadAttention", layer, inputs, run, (features, heads), options, masks, flags)


padding = torch.tensor([[False, False, True, True], [False, True, False, False]])
hidden = torch.tensor([[False, True, True, False], [False, False, False, True], [False, True, False, True]])
multihead(draw(3, 2, 6), None, None, 2, 6)
multihead(draw(3, 2, 6), draw(4, 2, 6), draw(4, 2, 6), 3, 6, {"keyPaddingMask": padding}, average=False)
multihead(draw(2, 3, 4), draw(2, 4, 4), draw(2, 4, 4), 2, 4, {"attentionMask": hidden}, batchFirst=True)
both = {"attentionMask": hidden, "keyPaddingMask": padding}
multihead(draw(3, 2, 4), draw(4, 2, 4), draw(4, 2, 4), 1, 4, both, bias=False)
multihead(draw(3, 2, 4), draw(4, 2, 4), draw(4, 2, 4), 2, 4, {"attentionMask": draw(4, 3, 4)}, average=False)
multihead(draw(3, 2, 4), draw(4, 2, 3), draw(4, 2, 5), 2, 4, kdim=3, vdim=5)
multihead(draw(4, 1, 6), None, None, 3, 6, causal=True)
multihead(draw(3, 4), draw(4, 4), draw(4, 4), 4, 4, {"attentionMask": hidden})
multihead(draw(3, 4), draw(4, 4), draw(4, 4), 2, 4, {"keyPaddingMask": padding[0]}, average=False)
multihead(draw(1, 1, 1), None, None, 1, 1)


def layer_options(options):
    names = {
        "dimFeedforward": "dim_feedforward",
        "epsilon": "layer_norm_eps",
        "batchFirst": "batch_first",
        "normFirst": "norm_first",
    }
    return {names.get(key, key): value for key, value in options.items()}


def encoder(x, heads, layers=None, masks={}, norm=False, **options):
    def call(layer, x, attentionMask=None, keyPaddingMask=None):
        key = "src_mask" if layers is None else "mask"
        return output_of(layer, x, **{key: attentionMask, "src_key_padding_mask": keyPaddingMask})

    features = x.shape[-1]
    layer = nn.TransformerEncoderLayer(features, heads, **layer_options(options))
    flags = {} if layers is None else {"layers": layers, "norm": norm}
    if layers is not None:
        layer = nn.TransformerEncoder(layer, layers, nn.LayerNorm(features) if norm else None)
    name = "TransformerEncoderLayer" if layers is None else "TransformerEncoder"
    add_case(name, layer, [x], call, (features, heads), options, masks, flags)


def decoder(x, memory, heads, layers=None, masks={}, norm=False, **options):
    def call(layer, x, memory, targetMask=None, memoryPaddingMask=None):
        return output_of(layer, x, memory, tgt_mask=targetMask, memory_key_padding_mask=memoryPaddingMask)

    features = x.shape[-1]
    layer = nn.TransformerDecoderLayer(features, heads, **layer_options(options))
    flags = {} if layers is None else {"layers": layers, "norm": norm}
    if layers is not None:
        layer = nn.TransformerDecoder(layer, layers, nn.LayerNorm(features) if norm else None)
    name = "TransformerDecoderLayer" if layers is None else "TransformerDecoder"
    add_case(name, layer, [x, memory], call, (features, heads), options, masks, flags)


later = torch.ones(4, 4, dtype=torch.bool).triu(1)
for normFirst in [False, True]:
    options = {"dropout": 0, "dimFeedforward": 5, "normFirst": normFirst}
    encoder(draw(4, 2, 6), 2, **options)
    masks = {"attentionMask": later, "keyPaddingMask": padding}
    encoder(draw(2, 4, 4), 2, masks=masks, batchFirst=True, activation="gelu", epsilon=0.1, **options)
    encoder(draw(3, 1, 4), 1, layers=2, norm=normFirst, **options)
    decoder(draw(3, 2, 4), draw(4, 2, 4), 2, **options)
    masks = {"targetMask": later, "memoryPaddingMask": padding}
    decoder(draw(2, 4, 4), draw(2, 4, 4), 2, masks=masks, batchFirst=True, activation="gelu", **options)
    decoder(draw(2, 1, 2), draw(3, 1, 2), 1, layers=2, norm=not normFirst, **options)


def recurrent(name, x, hiddenSize, initial=False, **options):
    names = {"numLayers": "num_layers", "batchFirst": "batch_first"}
    layer = getattr(nn, name)(x.shape[-1], hiddenSize, **{names.get(k, k): v for k, v in options.items()})

    def call(layer, x, hidden=None, cell=None):
        if name != "LSTM":
            output, last = layer(x, hidden)
            return {"output": output, "hidden": last}
        output, (h, c) = layer(x, None if hidden is None else (hidden, cell))
        return {"output": output, "hidden": h, "cell": c}

    count = options.get("numLayers", 1) * (2 if options.get("bidirectional") else 1)
    batch = [] if x.ndim == 2 else [x.shape[0 if options.get("batchFirst") else 1]]
    kinds = ["hidden", "cell"] if name == "LSTM" else ["hidden"]
    tensors = {kind: draw(count, *batch, hiddenSize) for kind in kinds} if initial else {}
    add_case(name, layer, [x], call, (x.shape[-1], hiddenSize), options, tensors)


for name in ["RNN", "GRU", "LSTM"]:
    recurrent(name, draw(5, 2, 3), 4)
    recurrent(name, draw(3, 2, 3), 2, initial=True, numLayers=2)
    recurrent(name, draw(2, 4, 3), 2, initial=True, numLayers=2, bidirectional=True, batchFirst=True)
    recurrent(name, draw(3, 1, 1), 1, bias=False)
    recurrent(name, draw(1, 1, 2), 3, initial=True, bidirectional=True)
    recurrent(name, draw(4, 2), 3, initial=True)
    recurrent(name, draw(3, 2), 2, bidirectional=True, batchFirst=True)
recurrent("RNN", draw(4, 2, 3), 3, nonlinearity="relu", numLayers=2)


def rotary(x, offset=0, base=10_000.0, pairs="adjacent"):
    """Each pair is a complex number, turned by e^(i m θ): eq. 34 of the paper, in NumPy."""

    def turn(numbers, sign):
        count, half = numbers.shape[-2], numbers.shape[-1] // 2
        angles = numpy.outer(numpy.arange(count) + offset, base ** (-2 * numpy.arange(half) / (2 * half)))
        a, b = (
            (numbers[..., 0::2], numbers[..., 1::2])
            if pairs == "adjacent"
            else (numbers[..., :half], numbers[..., half:])
        )
        turned = (a + 1j * b) * numpy.exp(1j * sign * angles)
        parts = [turned.real, turned.imag]
        if pairs == "adjacent":
            return numpy.stack(parts, -1).reshape(numbers.shape)
        return numpy.concatenate(parts, -1)

    gradient = draw(*x.shape)
    options = {"base": base, "pairs": pairs}
    cases.append(
        {
            "layer": "RotaryEmbedding",
            "arguments": [x.shape[-1]],
            "options": options,
            "flags": {"offset": offset},
            "state": {},
            "inputs": [write_tensor(x)],
            "tensors": {},
            "outputs": {"output": write_tensor(torch.from_numpy(turn(x.numpy(), 1)))},
            "gradients": {"output": write_tensor(gradient)},
            # A rotation is undone by its transpose.
            "inputGradients": [write_tensor(torch.from_numpy(turn(gradient.numpy(), -1)))],
            "stateGradients": {},
        }
    )


for pairs in ["adjacent", "halves"]:
    rotary(draw(2, 5, 6), pairs=pairs)
    rotary(draw(1, 2), pairs=pairs)
    rotary(draw(2, 2, 3, 4), offset=100_000, base=500.0, pairs=pairs)

encoder(draw(5, 3, 6), 2, dropout=0, dimFeedforward=7)

# In use nothing is dropped, whatever the probability.
training = False
for name in ["RNN", "GRU", "LSTM"]:
    recurrent(name, draw(5, 3, 3), 3, numLayers=3, dropout=0.5)
    recurrent(name, draw(3, 5, 2), 2, initial=True, numLayers=2, bidirectional=True, batchFirst=True, dropout=0.9)
multihead(draw(3, 2, 6), draw(5, 2, 6), draw(5, 2, 6), 2, 6, dropout=0.5)
for normFirst in [False, True]:
    options = {"dropout": 0.5, "dimFeedforward": 5, "normFirst": normFirst}
    encoder(draw(5, 3, 4), 2, **options)
    encoder(draw(3, 1, 4), 1, layers=2, norm=normFirst, **options)
    decoder(draw(3, 3, 4), draw(5, 3, 4), 2, **options)
    decoder(draw(3, 1, 2), draw(3, 1, 2), 1, layers=2, norm=normFirst, **options)

write_file("sequences.json", cases)
