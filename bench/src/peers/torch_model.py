"""Models and training steps from the data that ../workload.ts describes."""

import torch
from torch import nn
from torch.nn import functional


class Positions(nn.Module):
    """Adds a learned position embedding."""

    def __init__(self, places, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(places, features))

    def forward(self, x):
        return x + self.weight


class CausalTransformer(nn.TransformerEncoderLayer):
    """A layer of GPT-2."""

    def __init__(self, features, heads):
        super().__init__(features, heads, 4 * features, 0.0, "gelu", batch_first=True, norm_first=True)

    def forward(self, x):
        places = x.shape[1]
        later = torch.ones(places, places, dtype=torch.bool).triu(1)
        return super().forward(x, later)


class Residual(nn.Module):
    """Returns body(x) + shortcut(x)."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.layer = model_of(body)
        self.shortcut = model_of(shortcut)

    def forward(self, x):
        return self.layer(x) + self.shortcut(x)


class OutputsOfLstm(nn.Module):
    """An LSTM that returns only its outputs."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.lstm = nn.LSTM(inputs, outputs)

    def forward(self, x):
        return self.lstm(x)[0]


def model_of(layers):
    return nn.Sequential(*(module(**layer) for layer in layers))


def module(layer, **sizes):
    makers = {
        "linear": lambda inputs, outputs: nn.Linear(inputs, outputs),
        "convolution": convolution,
        "maxPool": lambda size: nn.MaxPool2d(size),
        "globalAveragePool": lambda: nn.AdaptiveAvgPool2d(1),
        "batchNorm": lambda features: nn.BatchNorm2d(features),
        "residual": Residual,
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "flatten": nn.Flatten,
        "embedding": lambda rows, features: nn.Embedding(rows, features),
        "positions": Positions,
        "causalTransformer": CausalTransformer,
        "encoder": lambda features, heads: nn.TransformerEncoderLayer(
            features, heads, 2 * features, 0.0, batch_first=True
        ),
        "layerNorm": lambda features: nn.LayerNorm(features),
        "lstm": OutputsOfLstm,
    }
    return makers[layer](**sizes)


def convolution(inputs, outputs, size, stride=1, bias=True):
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=bias)


def training_step(model, loss, x, y, learning_rate=1e-3):
    """Returns a function that makes a training step and returns the loss."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    target = None if y is None else y.long()

    def loss_of(outputs):
        if loss == "meanSquare":
            return outputs.square().mean()
        return functional.cross_entropy(outputs.reshape(target.numel(), -1), target)

    def step():
        value = loss_of(model(x))
        value.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return value.item()

    return step
