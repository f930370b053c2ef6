"""Writes containers.json beside it with PyTorch: layers that are made of others, and their gradients.

    npm run goldens -- --only nn/golden/containers
"""

from torch import nn

from cases import draw, layer_case, write_file


def part(layer, *arguments, **options):
    """How a layer inside a container is written; PyTorch's and ours take the same."""
    return {"layer": layer, "arguments": list(arguments), "options": options}


def build(part):
    return getattr(nn, part["layer"])(*part["arguments"], **part["options"])


class Residual(nn.Module):
    def __init__(self, layer, shortcut=None):
        super().__init__()
        self.layer = layer
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return self.shortcut(x) + self.layer(x)


def case(name, container, x, *parts, training=True):
    built = container(*[build(part) for part in parts]).train(training)
    return layer_case(name, built, x, *parts)


convolution = part("Conv2d", 2, 3, 3, padding=1)

cases = [
    *[
        case("Sequential", nn.Sequential, draw(*shape), *parts, training=training)
        for training in [True, False]
        for shape, parts in [
            ((3, 5), [part("Linear", 5, 7), part("Tanh"), part("Linear", 7, 2, bias=False)]),
            ((2, 2, 5, 3), [convolution, part("BatchNorm2d", 3), part("ReLU"), part("Flatten")]),
        ]
    ],
    case("Sequential", nn.Sequential, draw(2, 3)),
    *[
        case("Residual", Residual, draw(*shape), *parts, training=training)
        for training in [True, False]
        for shape, parts in [
            ((3, 5), [part("Linear", 5, 5)]),
            ((3, 2, 5, 3), [convolution, part("Conv2d", 2, 3, 1, bias=False)]),
            ((5, 3), [part("BatchNorm1d", 3)]),
        ]
    ],
]

write_file("containers.json", cases)
