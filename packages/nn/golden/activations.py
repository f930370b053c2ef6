"""Writes activations.json beside it with PyTorch: what each activation layer computes, and its gradients.

    npm run goldens -- --only nn/golden/activations
"""

import torch

from cases import draw, layer_case, write_file

names = {"negativeSlope": "negative_slope", "numParameters": "num_parameters", "axis": "dim", "min": "min_val", "max": "max_val"}


def activation(layer, x=None, **options):
    if x is None:
        # The ends are where a careless formula overflows, 0 and ±1 are where there are kinks, 20 is softplus' threshold.
        x = torch.tensor([-800.0, -30, -3, -1.5, -1, -0.2, 0, 0.1, 0.7, 1, 2, 19.9, 20, 20.1, 30, 800])
    built = getattr(torch.nn, layer)(**{names.get(key, key): value for key, value in options.items()})
    return layer_case(layer, built, x, **options)


cases = [
    *[activation(layer) for layer in ["LeakyReLU", "ELU", "SELU", "SiLU", "Mish", "Softplus", "Hardtanh", "Identity"]],
    *[activation(layer, draw()) for layer in ["LeakyReLU", "ELU", "SELU", "SiLU", "Mish", "Softplus", "Hardtanh"]],
    *[activation(layer, draw(0, 2)) for layer in ["LeakyReLU", "ELU", "SELU", "SiLU", "Mish", "Softplus", "Hardtanh"]],
    activation("LeakyReLU", negativeSlope=0.3),
    activation("LeakyReLU", negativeSlope=-0.5),
    activation("ELU", alpha=0.4),
    activation("Softplus", beta=2.5),
    activation("Softplus", beta=0.5, threshold=3),
    activation("Softplus", beta=-1.5),
    activation("Hardtanh", min=-1.5, max=0.7),
    activation("PReLU"),
    activation("PReLU", draw(2, 3), numParameters=3),
    activation("PReLU", draw(2, 3, 4, 2), numParameters=3),
    activation("PReLU", draw(2, 3, 1), init=0.5),
    activation("PReLU", draw()),
    activation("PReLU", draw(1, 1, 5), numParameters=1),
    *[
        activation(layer, x, axis=axis)
        for layer in ["Softmax", "LogSoftmax"]
        for x, axis in [
            (draw(4, 5), -1),
            (draw(4, 5), 0),
            (draw(2, 3, 4), 1),
            (draw(3, 1), 1),
            (draw(0, 3), 1),
            (torch.tensor([[800.0, -800, 799], [1e30, 0, -1e30]]), 1),
        ]
    ],
    *[
        activation(layer, draw(3, 5))
        for layer in ["LeakyReLU", "ELU", "SELU", "SiLU", "Mish", "Softplus", "Hardtanh", "Identity"]
    ],
    *[
        activation("GLU", x, axis=axis)
        for x, axis in [(draw(3, 4), -1), (draw(6, 5), 0), (draw(2, 2, 3), -2), (draw(2, 0), 1)]
    ],
    activation("GLU", torch.tensor([[1.0, 2, 3, -800, 0, 800]])),
]

write_file("activations.json", cases)
