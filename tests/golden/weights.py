"""Writes weights/ beside it with PyTorch: the state dict of every layer that has one, in PyTorch's own names and types, as
a safetensors file; one call of each, in calls.safetensors; and in weights.json the hash of the file that Stargrad must
write of the same weights.

    npm run goldens -- --only tests/golden/weights

Stargrad counts batches in int32. The bytes behind the hash are those that PyTorch read back here, strictly, and computed
the same outputs with. The format is written and read by the few lines below, which share nothing with Stargrad.
"""

import copy
import hashlib
import itertools
import json
import os
import struct

import numpy
import torch
from torch import nn

torch.manual_seed(1)
folder = os.path.join(os.path.dirname(__file__), "weights")

# The order in which the reference implementation sorts the data.
names = {torch.int64: "I64", torch.float32: "F32", torch.int32: "I32"}


def encode(tensors):
    order = sorted(tensors, key=lambda name: (list(names).index(tensors[name].dtype), name))
    header, data = {}, b""
    for name in order:
        content = tensors[name].detach().contiguous().numpy().tobytes()
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": names[tensors[name].dtype], "shape": list(tensors[name].shape), "data_offsets": offsets}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def decode(content):
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    types = {"I64": numpy.int64, "F32": numpy.float32, "I32": numpy.int32}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        numbers = numpy.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(numbers.copy())
    return tensors


def flat(outputs):
    """The tensors of an output, which may be a tuple of tuples."""
    return [outputs] if isinstance(outputs, torch.Tensor) else [x for output in outputs for x in flat(output)]


class RMSNorm(nn.Module):
    """The same as torch.nn.RMSNorm, which exists since PyTorch 2.4."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))

    def forward(self, x):
        return x * (x.square().mean(-1, keepdim=True) + torch.finfo(x.dtype).eps).rsqrt() * self.weight


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4, padding_idx=0)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x):
        return self.head(self.embedding(x))


class Network(nn.Module):
    """A typical user's model: layers in fields, in lists and in dictionaries."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3))
        self.features = nn.Sequential(nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.PReLU(3), nn.Flatten())
        self.blocks = nn.ModuleList([nn.Linear(18, 5), nn.Linear(5, 5)])
        self.heads = nn.ModuleDict({"kind": nn.Linear(5, 2), "place": nn.Linear(5, 3)})

    def forward(self, x):
        h = self.features(x * self.scale[0])
        for block in self.blocks:
            h = block(h).relu()
        return self.heads["kind"](h), self.heads["place"](h)


torch_encoder = nn.TransformerEncoder(
    nn.TransformerEncoderLayer(6, 2, dim_feedforward=5, norm_first=True), 2, nn.LayerNorm(6)
)
torch_decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 3, dim_feedforward=5), 2)
x = torch.randn

models = {
    "linear": (nn.Linear(5, 3), [x(4, 5)]),
    "bilinear": (nn.Bilinear(3, 4, 2), [x(5, 3), x(5, 4)]),
    "conv1d": (nn.Conv1d(4, 6, 3, groups=2), [x(2, 4, 7)]),
    "conv2d": (nn.Conv2d(3, 4, (3, 2), padding=1), [x(2, 3, 5, 6)]),
    "conv3d": (nn.Conv3d(2, 3, 2), [x(1, 2, 3, 4, 3)]),
    "conv-transpose1d": (nn.ConvTranspose1d(4, 6, 3, groups=2, stride=2), [x(2, 4, 5)]),
    "conv-transpose2d": (nn.ConvTranspose2d(3, 2, 3, padding=1, bias=False), [x(1, 3, 4, 5)]),
    "conv-transpose3d": (nn.ConvTranspose3d(2, 3, 2), [x(1, 2, 2, 3, 3)]),
    "batch-norm1d": (nn.BatchNorm1d(3), [x(4, 3)]),
    "batch-norm2d": (nn.BatchNorm2d(3, momentum=None), [x(2, 3, 4, 5)]),
    "instance-norm2d": (nn.InstanceNorm2d(3, affine=True, track_running_stats=True), [x(2, 3, 4, 5)]),
    "group-norm": (nn.GroupNorm(2, 4), [x(2, 4, 3)]),
    "layer-norm": (nn.LayerNorm((3, 4)), [x(2, 3, 4)]),
    "rms-norm": (RMSNorm(4), [x(3, 4)]),
    "rnn": (nn.RNN(3, 4, num_layers=2, nonlinearity="relu"), [x(5, 2, 3)]),
    "gru": (nn.GRU(3, 4, bidirectional=True, batch_first=True), [x(2, 5, 3)]),
    "lstm": (nn.LSTM(3, 4, num_layers=2, bidirectional=True), [x(5, 2, 3)]),
    "attention": (nn.MultiheadAttention(6, 2), [x(3, 2, 6), x(5, 2, 6), x(5, 2, 6)]),
    "cross-attention": (nn.MultiheadAttention(6, 3, kdim=4, vdim=5), [x(3, 2, 6), x(5, 2, 4), x(5, 2, 5)]),
    "encoder": (torch_encoder, [x(3, 2, 6)]),
    "decoder": (torch_decoder, [x(3, 2, 6), x(5, 2, 6)]),
    "tied": (Tied(), [torch.tensor([[1, 6, 0], [2, 2, 5]])]),
    "network": (Network(), [x(2, 2, 4, 5)]),
}


def later():
    """Made after the other models, so that their random numbers do not change."""
    for name, cell in [("rnn-cell", nn.RNNCell), ("gru-cell", nn.GRUCell), ("lstm-cell", nn.LSTMCell)]:
        yield name, (cell(3, 4), [x(5, 3)])


hashes, calls = {}, {}
os.makedirs(folder, exist_ok=True)
for name, (model, inputs) in itertools.chain(models.items(), later()):
    for parameter in model.parameters():
        # Norms begin with ones and zeros, with which an exchange of names would not be detected.
        parameter.data = torch.randn(parameter.shape) * 0.5
    model.train()
    for _ in range(3):
        model(*inputs)
    model.eval()
    state = model.state_dict()
    outputs = flat(model(*inputs))
    with open(os.path.join(folder, f"{name}.safetensors"), "wb") as file:
        file.write(encode(state))

    # The bytes that Stargrad must write, checked by loading them in PyTorch.
    ours = encode({key: x.int() if x.dtype == torch.int64 else x for key, x in state.items()})
    other = copy.deepcopy(model)
    for variable in [*other.parameters(), *other.buffers()]:
        variable.data.zero_()
    other.load_state_dict(decode(ours), strict=True)
    for again, output in zip(flat(other(*inputs)), outputs):
        assert torch.equal(again, output), name
    hashes[name] = hashlib.sha256(ours).hexdigest()
    calls.update({f"{name}.input.{i}": x for i, x in enumerate(inputs)})
    calls.update({f"{name}.output.{i}": x for i, x in enumerate(outputs)})

with open(os.path.join(folder, "calls.safetensors"), "wb") as file:
    file.write(encode(calls))
with open(os.path.join(folder, "weights.json"), "w") as file:
    json.dump(hashes, file, indent=2)
    file.write("\n")
