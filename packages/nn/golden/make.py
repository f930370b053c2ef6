"""Writes the golden files beside it with PyTorch: what each layer and loss computes, and its gradients.

    npm run goldens -- --only nn/golden/make
"""

import itertools
import math

import torch
from torch.nn import functional as F

from cases import draw, layer_case, loss_case, write_file


def linear(x, inputs, outputs, **options):
    return layer_case("Linear", torch.nn.Linear(inputs, outputs, **options), x, inputs, outputs, **options)


def conv2d(x, inputs, outputs, kernel, **options):
    layer = torch.nn.Conv2d(inputs, outputs, kernel, **options)
    return layer_case("Conv2d", layer, x, inputs, outputs, kernel, **options)


def max_pool2d(x, kernel, ceilMode=False, **options):
    layer = torch.nn.MaxPool2d(kernel, ceil_mode=ceilMode, **options)
    return layer_case("MaxPool2d", layer, x, kernel, ceilMode=ceilMode, **options)


def activation(name, layer, **options):
    # The ends are where a careless formula overflows, 0 is where ReLU has its kink.
    x = torch.tensor([-800.0, -30, -3, -1.5, -0.2, 0, 0.1, 0.7, 2, 30, 800])
    return layer_case(name, layer, x, **options)


layers = [
    linear(draw(4, 5), 5, 3),
    linear(draw(5), 5, 3),
    linear(draw(2, 3, 5), 5, 3),
    linear(draw(1, 1), 1, 1),
    linear(draw(3, 5), 5, 2, bias=False),
    linear(draw(0, 5), 5, 3),
    conv2d(draw(2, 2, 7, 5), 2, 3, 3),
    conv2d(draw(1, 1, 1, 1), 1, 1, 1),
    conv2d(draw(1, 3, 8, 7), 3, 4, (3, 2), stride=2, padding=1),
    conv2d(draw(2, 1, 7, 6), 1, 2, 3, padding=2, dilation=2),
    conv2d(draw(2, 2, 9, 8), 2, 3, (2, 3), stride=(2, 1), padding=(0, 2), dilation=(3, 1)),
    conv2d(draw(2, 4, 5, 4), 4, 6, 3, padding=1, groups=2),
    conv2d(draw(1, 3, 5, 5), 3, 6, 2, groups=3, stride=2, bias=False),
    conv2d(draw(1, 2, 5, 6), 2, 2, (2, 4), padding="same"),
    conv2d(draw(2, 2, 6, 5), 2, 2, (3, 2), padding="same", dilation=(2, 3), groups=2),
    conv2d(draw(1, 1, 4, 4), 1, 1, 2, padding="valid", stride=2),
    conv2d(draw(2, 5, 4), 2, 3, 2, padding=1),
    conv2d(draw(0, 2, 5, 4), 2, 3, 2),
    max_pool2d(draw(2, 3, 6, 7, decimals=0), 2),
    max_pool2d(draw(1, 1, 1, 1), 1),
    max_pool2d(draw(2, 1, 7, 6, decimals=0), 3, stride=2, padding=1),
    max_pool2d(draw(1, 2, 6, 5, decimals=0), (3, 2), stride=(1, 2), padding=(1, 0)),
    max_pool2d(draw(1, 2, 8, 9, decimals=1), 3, stride=1, padding=1, dilation=2),
    max_pool2d(draw(1, 1, 6, 6, decimals=0), 3, stride=2, ceilMode=True),
    max_pool2d(draw(1, 2, 5, 7, decimals=0), 2, ceilMode=True),
    # The last window would begin in the padding behind the input; PyTorch drops it.
    max_pool2d(draw(1, 1, 5, 5, decimals=0), 2, stride=3, padding=1, ceilMode=True),
    max_pool2d(draw(1, 1, 4, 7, decimals=0), 2, stride=3, ceilMode=True),
    max_pool2d(draw(1, 1, 7, 8, decimals=0), (3, 2), stride=2, padding=1, dilation=(1, 2), ceilMode=True),
    max_pool2d(draw(1, 1, 1, 2, decimals=0), 2, ceilMode=True),
    max_pool2d(draw(3, 5, 4, decimals=0), 2),
    max_pool2d(draw(0, 2, 4, 4), 2),
    activation("ReLU", torch.nn.ReLU()),
    activation("Tanh", torch.nn.Tanh()),
    activation("Sigmoid", torch.nn.Sigmoid()),
    activation("GELU", torch.nn.GELU()),
    activation("GELU", torch.nn.GELU(approximate="tanh"), approximate="tanh"),
    layer_case("Flatten", torch.nn.Flatten(), draw(2, 3, 2)),
    layer_case("Flatten", torch.nn.Flatten(0, 1), draw(2, 3, 2), startAxis=0, endAxis=1),
]


def cross_entropy(logits, target, weight=None, **options):
    def function(logits, target, labelSmoothing=0.0, ignoreIndex=-100, **others):
        return F.cross_entropy(
            logits, target, label_smoothing=labelSmoothing, ignore_index=ignoreIndex, **others
        )

    tensors = {} if weight is None else {"weight": weight}
    return loss_case("crossEntropy", function, [logits.clone(), target.clone()], tensors, **options)


def binary_cross_entropy(logits, target, reduction, **tensors):
    def function(logits, target, weight=None, posWeight=None, **options):
        return F.binary_cross_entropy_with_logits(
            logits, target, weight=weight, pos_weight=posWeight, **options
        )

    inputs = [logits.clone(), target.clone()]
    return loss_case("binaryCrossEntropyWithLogits", function, inputs, tensors, reduction=reduction)


def mse(prediction, target, **options):
    return loss_case("mseLoss", F.mse_loss, [prediction.clone(), target.clone()], **options)


reductions = ["none", "mean", "sum"]
weights = [None, torch.tensor([0.5, 2.0, 1.25])]
smoothings = [{}, {"labelSmoothing": 0.15}]

losses = []

# Class indices: alone, in a batch, and with one further axis. Every target holds a class that some case ignores.
indexed = [
    (draw(3), torch.tensor(1)),
    (draw(5, 3), torch.tensor([2, 1, -100, 0, 1])),
    (draw(2, 3, 2), torch.tensor([[0, 1], [-100, 2]])),
]
for (logits, target), weight, smoothing, reduction in itertools.product(
    indexed, weights, smoothings, reductions
):
    losses.append(cross_entropy(logits, target, weight, reduction=reduction, **smoothing))
    # A class that is ignored is no target, but it keeps its share of the softmax.
    within = torch.where(target < 0, torch.tensor(0), target)
    losses.append(cross_entropy(logits, within, weight, reduction=reduction, ignoreIndex=1, **smoothing))

# Nothing left to average is NaN, and nothing left to add is 0.
ignored = torch.tensor([-100, -100])
for weight, smoothing, reduction in itertools.product(weights, smoothings, reductions):
    losses.append(cross_entropy(draw(2, 3), ignored, weight, reduction=reduction, **smoothing))

# Probabilities, of which one row does not even add up to 1.
probable = [
    (draw(3), torch.tensor([0.25, 0.5, 0.25])),
    (draw(3, 3), torch.tensor([[0.7, 0.2, 0.1], [0, 0, 1], [0.5, 0.1, 0.1]])),
    (draw(1, 3, 2), torch.tensor([[[0.5, 0], [0.25, 0.75], [0.25, 0.25]]])),
]
for (logits, target), weight, smoothing, reduction in itertools.product(
    probable, weights, smoothings, reductions
):
    losses.append(cross_entropy(logits, target, weight, reduction=reduction, **smoothing))

# Extreme logits, one class, and batches of no item.
losses.append(cross_entropy(torch.tensor([[1e4, 0, -1e4], [-math.inf, 0, 1]]), torch.tensor([0, 1])))
losses.append(cross_entropy(draw(2, 1), torch.tensor([0, 0])))
for reduction in reductions:
    losses.append(cross_entropy(draw(0, 3), torch.zeros(0, dtype=torch.int64), reduction=reduction))
    losses.append(cross_entropy(draw(0, 3), draw(0, 3), reduction=reduction))
    losses.append(mse(draw(3, 2), draw(3, 2), reduction=reduction))
    losses.append(mse(draw(), draw(), reduction=reduction))
    losses.append(mse(draw(0, 2), draw(0, 2), reduction=reduction))

    logits = torch.tensor([[-800.0, -2, 0], [0.5, 3, 800]])
    target = torch.tensor([[0.0, 1, 0.3], [1, 0, 0.9]])
    for options in [
        {},
        {"posWeight": torch.tensor([3.0, 0.5, 2])},
        {"weight": torch.tensor([[2.0], [0.25]])},
        {"weight": torch.tensor([1.0, 0, 4]), "posWeight": torch.tensor(1.5)},
    ]:
        losses.append(binary_cross_entropy(logits, target, reduction, **options))
    losses.append(binary_cross_entropy(draw(0, 2), draw(0, 2), reduction))

# Larger than a block of the matrix product, and filling none of its last ones.
layers.append(linear(draw(17, 33), 33, 19))
layers.append(conv2d(draw(2, 5, 13, 11), 5, 7, 3, padding=1))

write_file("layers.json", layers)
write_file("losses.json", losses)
