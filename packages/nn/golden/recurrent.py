"""Writes recurrent.json beside it with PyTorch: cells, and recurrent layers on sequences whose lengths differ within a batch.

    npm run goldens -- --only nn/golden/recurrent
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cases import draw, tensors_case, write_file

cases = []


def cell(name, x, hidden_size, initial=False, **options):
    layer = getattr(nn, name)(x.shape[-1], hidden_size, **options)

    def call(layer, x, hidden=None, cell=None):
        if name != "LSTMCell":
            return {"hidden": layer(x, hidden)}
        return dict(zip(("hidden", "cell"), layer(x, None if hidden is None else (hidden, cell))))

    kinds = ["hidden", "cell"] if name == "LSTMCell" else ["hidden"]
    tensors = {kind: draw(*x.shape[:-1], hidden_size) for kind in kinds} if initial else {}
    cases.append(tensors_case(name, layer, [x], call, (x.shape[-1], hidden_size), options, tensors))


for name in ["RNNCell", "GRUCell", "LSTMCell"]:
    cell(name, draw(4, 3), 5, initial=True)
    cell(name, draw(3), 2, initial=True)
    cell(name, draw(2, 1), 1)
    cell(name, draw(1, 4), 3, initial=True, bias=False)
cell("RNNCell", draw(2, 3), 3, initial=True, nonlinearity="relu")


def padded(name, x, lengths, hidden_size, initial=False, **options):
    """What is padded is left out by packing and comes back as zeros, in as many steps as x has."""
    names = {"numLayers": "num_layers", "batchFirst": "batch_first"}
    first = options.get("batchFirst", False)
    layer = getattr(nn, name)(x.shape[-1], hidden_size, **{names.get(k, k): v for k, v in options.items()})

    def call(layer, x, hidden=None, cell=None, lengths=None):
        packed = pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=False)
        if name == "LSTM":
            packed, (h, c) = layer(packed, None if hidden is None else (hidden, cell))
            states = {"hidden": h, "cell": c}
        else:
            packed, h = layer(packed, hidden)
            states = {"hidden": h}
        output, _ = pad_packed_sequence(packed, batch_first=first, total_length=x.shape[1 if first else 0])
        return {"output": output, **states}

    count = options.get("numLayers", 1) * (2 if options.get("bidirectional") else 1)
    kinds = ["hidden", "cell"] if name == "LSTM" else ["hidden"]
    states = {kind: draw(count, x.shape[0 if first else 1], hidden_size) for kind in kinds} if initial else {}
    tensors = {**states, "lengths": torch.tensor(lengths)}
    cases.append(tensors_case(name, layer, [x], call, (x.shape[-1], hidden_size), options, tensors))


for name in ["RNN", "GRU", "LSTM"]:
    padded(name, draw(5, 3, 2), [2, 5, 1], 3)
    padded(name, draw(4, 3, 2), [3, 1, 3], 2, initial=True, bidirectional=True, numLayers=2)
    padded(name, draw(2, 4, 3), [4, 2], 2, initial=True, bidirectional=True, batchFirst=True)

write_file("recurrent.json", cases)
