"""Writes normalization.json beside it: what each normalization layer computes, its gradients and its running statistics.

    npm run goldens -- --only nn/golden/normalization

PyTorch has RMSNorm only since 2.4; its cases are the paper's equation and its derivative in NumPy.
"""

import numpy
import torch
from torch.nn import functional as F

from cases import draw, layer_case, write_file, write_tensor

names = {
    "epsilon": "eps",
    "trackRunningStats": "track_running_stats",
    "elementwiseAffine": "elementwise_affine",
}


def norm(layer, x, *arguments, batches=0, training=True, **options):
    built = getattr(torch.nn, layer)(
        *arguments, **{names.get(key, key): value for key, value in options.items()}
    )
    for name, buffer in built.named_buffers():
        buffer.data = {
            "running_mean": draw(*buffer.shape),
            "running_var": draw(*buffer.shape).abs() + 0.1,
            "num_batches_tracked": torch.tensor(batches),
        }[name]
    return layer_case(layer, built.train(training), x, *arguments, **options)


def layer_norm_without_bias(x, shape):
    class WithoutBias(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(shape))

        def forward(self, x):
            return F.layer_norm(x, shape, self.weight, None)

    return layer_case("LayerNorm", WithoutBias(), x, shape, bias=False)


def rms_norm(x, shape, elementwiseAffine=True, **options):
    shape = numpy.array(shape).reshape(-1)
    weight, gradient = draw(*shape), draw(*x.shape)
    if not elementwiseAffine:
        weight = torch.ones(*shape)
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    a, w, g = x.numpy(), weight.numpy(), gradient.numpy()
    # y = w x / r with r = √(mean(x²) + ε), so that dr/dx = x / (n r).
    r = numpy.sqrt((a**2).mean(axis=axes, keepdims=True) + options.get("epsilon", 2.0**-52))
    inner = (g * w * a).sum(axis=axes, keepdims=True)
    input_gradient = g * w / r - a * inner / (shape.prod() * r**3)
    weight_gradient = (g * a / r).reshape(-1, *shape).sum(axis=0)
    return {
        "layer": "RMSNorm",
        "arguments": [shape.tolist()],
        "options": {"elementwiseAffine": elementwiseAffine, **options},
        "state": {"weight": write_tensor(weight)} if elementwiseAffine else {},
        "input": write_tensor(x),
        "gradient": write_tensor(gradient),
        "output": write_tensor(torch.tensor(a / r * w)),
        "inputGradient": write_tensor(torch.tensor(input_gradient)),
        "stateGradients": {"weight": write_tensor(torch.tensor(weight_gradient))} if elementwiseAffine else {},
    }


def running(layer, shapes, **options):
    """One layer on several shapes, while training and in use."""
    return [
        norm(layer, draw(*shape, scale=2.0) + 1, shape[1], training=training, **options)
        for training in [True, False]
        for shape in shapes
    ]


cases = [
    *running("BatchNorm1d", [(5, 3), (2, 3), (2, 3, 4), (1, 2, 5), (3, 1, 1)]),
    *running("BatchNorm1d", [(4, 2)], momentum=0.3, epsilon=0.1),
    *running("BatchNorm1d", [(4, 2, 3)], momentum=None),
    *running("BatchNorm1d", [(3, 2)], momentum=None, batches=3),
    *running("BatchNorm1d", [(3, 2)], affine=False, batches=7),
    *running("BatchNorm1d", [(3, 2, 2)], trackRunningStats=False),
    *running("BatchNorm1d", [(3, 2)], affine=False, trackRunningStats=False),
    norm("BatchNorm1d", draw(1, 3), 3, training=False),
    norm("BatchNorm1d", draw(0, 3), 3, training=False),
    *running("BatchNorm2d", [(2, 3, 5, 4), (1, 2, 3, 3), (3, 1, 1, 1)]),
    *running("BatchNorm2d", [(2, 2, 3, 1)], momentum=0.25, epsilon=0.1, batches=2),
    *running("BatchNorm2d", [(2, 2, 2, 3)], momentum=None, affine=False, batches=1),
    *running("BatchNorm2d", [(2, 2, 2, 3)], trackRunningStats=False),
    norm("BatchNorm2d", draw(1, 3, 1, 1), 3, training=False),
    *running("InstanceNorm2d", [(2, 3, 4, 5), (1, 1, 1, 2)]),
    *running("InstanceNorm2d", [(2, 3, 3, 3), (1, 2, 3, 2)], affine=True, trackRunningStats=True),
    *running("InstanceNorm2d", [(3, 2, 2, 3)], momentum=0.4, epsilon=0.1, trackRunningStats=True),
    *running("InstanceNorm2d", [(3, 2, 2, 3)], affine=True, epsilon=0.1),
    norm("InstanceNorm2d", draw(2, 4, 3), 2, affine=True),
    norm("InstanceNorm2d", draw(1, 2, 1, 1), 2, trackRunningStats=True, training=False),
    norm("LayerNorm", draw(4, 5), 5),
    norm("LayerNorm", draw(2, 3, 4), (3, 4)),
    norm("LayerNorm", draw(2, 3, 4), 4, epsilon=0.1),
    norm("LayerNorm", draw(3, 4), 4, elementwiseAffine=False),
    norm("LayerNorm", draw(6), 6),
    norm("LayerNorm", draw(2, 1), 1),
    norm("LayerNorm", draw(0, 3), 3),
    layer_norm_without_bias(draw(3, 4), (4,)),
    norm("GroupNorm", draw(2, 6, 3, 2), 3, 6),
    norm("GroupNorm", draw(3, 6), 2, 6),
    norm("GroupNorm", draw(2, 4, 3), 1, 4, epsilon=0.1),
    norm("GroupNorm", draw(1, 3, 2, 2), 3, 3, affine=False),
    norm("GroupNorm", draw(2, 3, 1), 3, 3),
    norm("GroupNorm", draw(1, 4, 2, 1, 3), 2, 4),
    rms_norm(draw(4, 5), 5),
    rms_norm(draw(2, 3, 4), (3, 4), epsilon=0.1),
    rms_norm(draw(3, 4), 4, elementwiseAffine=False, epsilon=1e-6),
    rms_norm(draw(6) + 1, 6),
    rms_norm(torch.tensor([[0.5]]), 1, epsilon=0.1),
]

write_file("normalization.json", cases)
