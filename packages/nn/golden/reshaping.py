"""Writes reshaping.json beside it with PyTorch: what the layers that change an image's size or axes compute, and their
gradients.

    npm run goldens -- --only nn/golden/reshaping
"""

import torch

from cases import draw, layer_case, write_file

names = {"scaleFactor": "scale_factor", "alignCorners": "align_corners"}


def upsample(x, **options):
    built = torch.nn.Upsample(**{names.get(key, key): value for key, value in options.items()})
    return layer_case("Upsample", built, x, **options)


bilinear = [{}, {"alignCorners": False}, {"alignCorners": True}]

cases = [
    *[
        upsample(draw(*shape), **mode, **how)
        for mode in [{"mode": "nearest"}, *[{"mode": "bilinear", **options} for options in bilinear]]
        for shape, how in [
            ((2, 2, 3, 4), {"scaleFactor": 2}),
            ((1, 1, 1, 1), {"scaleFactor": 3}),
            ((1, 2, 4, 3), {"scaleFactor": (1.5, 2.4)}),
            ((1, 1, 5, 7), {"scaleFactor": 0.45}),
            ((1, 2, 3, 5), {"size": (7, 4)}),
            ((2, 1, 4, 4), {"size": 1}),
            ((1, 1, 1, 5), {"size": (3, 5)}),
            ((1, 1, 10, 7), {"size": (3, 49)}),
        ]
    ],
    *[
        layer_case("PixelShuffle", torch.nn.PixelShuffle(factor), draw(*shape), factor)
        for factor, shape in [(2, (2, 8, 3, 2)), (3, (1, 9, 1, 2)), (1, (2, 3, 2, 2)), (2, (4, 2, 3))]
    ],
    *[
        layer_case("Unflatten", torch.nn.Unflatten(axis, sizes), draw(*shape), axis, sizes)
        for axis, sizes, shape in [(1, (2, 3), (4, 6)), (-1, (2, -1), (3, 8)), (0, (3, 1, 2), (6, 2)), (1, (-1,), (2, 5, 1))]
    ],
]

write_file("reshaping.json", cases)
