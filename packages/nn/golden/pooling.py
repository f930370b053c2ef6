"""Writes pooling.json beside it with PyTorch: what each pooling layer computes, and its gradients.

    npm run goldens -- --only nn/golden/pooling
"""

import torch

from cases import draw, layer_case, write_file

names = {"ceilMode": "ceil_mode", "countIncludePad": "count_include_pad", "divisorOverride": "divisor_override"}


def pool(layer, x, kernel, **options):
    built = getattr(torch.nn, layer)(kernel, **{names.get(key, key): value for key, value in options.items()})
    return layer_case(layer, built, x, kernel, **options)


def adaptive(layer, x, size):
    return layer_case(layer, getattr(torch.nn, layer)(size), x, size)


def ties(*shape):
    """Whole numbers, many of them equal."""
    return draw(*shape, decimals=0)


cases = [
    pool("MaxPool1d", ties(2, 3, 7), 2),
    pool("MaxPool1d", ties(1, 1, 1), 1),
    pool("MaxPool1d", ties(2, 2, 8), 3, stride=2, padding=1),
    pool("MaxPool1d", draw(1, 2, 9), 3, stride=1, padding=1, dilation=2),
    pool("MaxPool1d", ties(1, 2, 6), 3, stride=2, ceilMode=True),
    # The last window would begin in the padding behind the input; PyTorch drops it.
    pool("MaxPool1d", ties(1, 1, 5), 2, stride=3, padding=1, ceilMode=True),
    pool("MaxPool1d", ties(2, 5), 2),
    pool("MaxPool1d", ties(0, 2, 5), 2),
    pool("AvgPool1d", draw(2, 3, 7), 2),
    pool("AvgPool1d", draw(1, 1, 1), 1),
    pool("AvgPool1d", draw(2, 2, 8), 3, stride=2, padding=1),
    pool("AvgPool1d", draw(2, 2, 8), 3, stride=2, padding=1, countIncludePad=False),
    pool("AvgPool1d", draw(1, 2, 6), 3, stride=2, ceilMode=True),
    pool("AvgPool1d", draw(1, 2, 6), 4, stride=3, padding=2, ceilMode=True),
    pool("AvgPool1d", draw(1, 2, 6), 4, stride=3, padding=2, ceilMode=True, countIncludePad=False),
    pool("AvgPool1d", draw(1, 1, 5), 2, stride=3, padding=1, ceilMode=True),
    pool("AvgPool1d", draw(2, 5), 2, stride=1),
    pool("AvgPool2d", draw(2, 3, 6, 7), 2),
    pool("AvgPool2d", draw(1, 1, 1, 1), 1),
    pool("AvgPool2d", draw(2, 1, 7, 6), 3, stride=2, padding=1),
    pool("AvgPool2d", draw(2, 1, 7, 6), 3, stride=2, padding=1, countIncludePad=False),
    pool("AvgPool2d", draw(1, 2, 6, 5), (3, 2), stride=(1, 2), padding=(1, 0), countIncludePad=False),
    pool("AvgPool2d", draw(1, 2, 5, 7), 2, ceilMode=True),
    pool("AvgPool2d", draw(1, 1, 6, 5), (4, 2), stride=3, padding=(2, 1), ceilMode=True),
    pool("AvgPool2d", draw(1, 1, 6, 5), (4, 2), stride=3, padding=(2, 1), ceilMode=True, countIncludePad=False),
    pool("AvgPool2d", draw(1, 1, 5, 6), 3, stride=2, padding=1, ceilMode=True, divisorOverride=5),
    pool("AvgPool2d", draw(3, 5, 4), 2, divisorOverride=-1),
    pool("AvgPool2d", draw(0, 2, 4, 4), 2),
    *[adaptive(layer, draw(2, 2, 7), 3) for layer in ["AdaptiveAvgPool1d", "AdaptiveMaxPool1d"]],
    *[adaptive(layer, ties(1, 2, 6), 2) for layer in ["AdaptiveAvgPool1d", "AdaptiveMaxPool1d"]],
    *[adaptive(layer, ties(1, 1, 1), 1) for layer in ["AdaptiveAvgPool1d", "AdaptiveMaxPool1d"]],
    # More outputs than inputs: every output is the mean or the largest of one or two inputs.
    *[adaptive(layer, draw(1, 2, 3), 5) for layer in ["AdaptiveAvgPool1d", "AdaptiveMaxPool1d"]],
    *[adaptive(layer, draw(3, 4), 3) for layer in ["AdaptiveAvgPool1d", "AdaptiveMaxPool1d"]],
    *[adaptive(layer, draw(2, 3, 5, 4), 1) for layer in ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"]],
    *[adaptive(layer, ties(2, 2, 7, 5), (3, 2)) for layer in ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"]],
    *[adaptive(layer, draw(1, 2, 3, 4), (None, 3)) for layer in ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"]],
    *[adaptive(layer, ties(2, 6, 2), (4, 4)) for layer in ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"]],
]

write_file("pooling.json", cases)
