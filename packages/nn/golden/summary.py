"""Writes summary.json beside it with PyTorch: the parameters of some models, the outputs of their layers, and how many
multiply-adds their matrix products take.

    npm run goldens -- --only nn/golden/summary

PyTorch does not print multiply-adds: each is counted here by the formula of its layer, from the shapes that PyTorch
computed with.
"""

import json
import os

import torch
from torch import nn


def multiply_adds(layer, inputs, output):
    if isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        # Every output is a sum over the window of its group.
        return output.numel() * layer.weight[0].numel()
    if isinstance(layer, (nn.ConvTranspose1d, nn.ConvTranspose2d)):
        # Every input goes into a window of the outputs of its group.
        return inputs[0].numel() * layer.weight[0].numel()
    if isinstance(layer, nn.Linear):
        return output.numel() * layer.in_features
    if isinstance(layer, nn.MultiheadAttention):
        (query, key, value), features = inputs[:3], layer.embed_dim
        length, batch, keys = query.shape[0], query.shape[1], key.shape[0]
        projections = (query.numel() + key.numel() + value.numel() + query.numel()) * features
        return projections + 2 * batch * length * keys * features
    if isinstance(layer, nn.RNNBase):
        length, batch = inputs[0].shape[:2]
        matrices = [p for name, p in layer.named_parameters() if name.startswith("weight")]
        return length * batch * sum(p.numel() for p in matrices)
    return 0


class Residual(nn.Module):
    def __init__(self, layer, shortcut):
        super().__init__()
        self.layer = layer
        self.shortcut = shortcut

    def forward(self, x):
        return self.shortcut(x) + self.layer(x)


class Twice(nn.Module):
    """One layer used twice, and one whose weight is another's."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.mix = nn.Linear(6, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x):
        return self.head(self.mix(self.mix(self.embedding(x))))


def case(name, model, x):
    rows = {}

    def record(path):
        def hook(layer, inputs, output):
            first = output if isinstance(output, torch.Tensor) else output[0]
            row = rows.setdefault(path, {"outputs": [], "multiplyAdds": 0})
            row["outputs"].append(list(first.shape))
            row["multiplyAdds"] += multiply_adds(layer, inputs, first)

        return hook

    for path, layer in model.named_modules():
        layer.register_forward_hook(record(path))
    model.train()(x)
    return {
        "model": name,
        "input": list(x.shape),
        "parameters": sum(p.numel() for p in model.parameters()),
        "multiplyAdds": sum(row["multiplyAdds"] for row in rows.values()),
        "outputs": {path: row["outputs"] for path, row in rows.items()},
    }


block = nn.Sequential(
    nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.Conv2d(16, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
)
shortcut = nn.Sequential(nn.Conv2d(8, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))

cases = [
    case("residual block", Residual(block, shortcut), torch.randn(2, 8, 13, 11)),
    case(
        "depthwise and transposed",
        nn.Sequential(
            nn.Conv2d(6, 6, (3, 5), padding=2, dilation=(2, 1), groups=6),
            nn.Conv2d(6, 10, 1),
            nn.ConvTranspose2d(10, 4, 3, stride=2, groups=2),
            nn.Flatten(),
            nn.Linear(4 * 19 * 23, 3),
        ),
        torch.randn(3, 6, 9, 11),
    ),
    case("encoder layer", nn.TransformerEncoderLayer(24, 4, dim_feedforward=40), torch.randn(7, 3, 24)),
    case("LSTM", nn.LSTM(5, 7, num_layers=2, bidirectional=True), torch.randn(9, 4, 5)),
    case("GRU", nn.GRU(3, 4), torch.randn(2, 5, 3)),
    case("shared", Twice(), torch.zeros(4, 9, dtype=torch.int64)),
]

with open(os.path.join(os.path.dirname(__file__), "summary.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
