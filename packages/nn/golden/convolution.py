"""Writes convolution.json beside it with PyTorch: what each convolution computes, and its gradients.

    npm run goldens -- --only nn/golden/convolution
"""

import torch

from cases import draw, layer_case, write_file


def conv(layer, x, inputs, outputs, kernel, **options):
    built = getattr(torch.nn, layer)(inputs, outputs, kernel, **options)
    return layer_case(layer, built, x, inputs, outputs, kernel, **options)


def conv_transpose(layer, x, inputs, outputs, kernel, outputPadding=0, **options):
    built = getattr(torch.nn, layer)(inputs, outputs, kernel, output_padding=outputPadding, **options)
    return layer_case(layer, built, x, inputs, outputs, kernel, outputPadding=outputPadding, **options)


cases = [
    conv("Conv1d", draw(2, 2, 7), 2, 3, 3),
    conv("Conv1d", draw(1, 1, 1), 1, 1, 1),
    conv("Conv1d", draw(2, 3, 8), 3, 4, 3, stride=2, padding=1),
    conv("Conv1d", draw(1, 4, 11), 4, 6, 2, dilation=3, groups=2, padding=2),
    conv("Conv1d", draw(2, 3, 6), 3, 3, 3, groups=3, bias=False),
    conv("Conv1d", draw(2, 2, 5), 2, 2, 4, padding="same"),
    conv("Conv1d", draw(1, 2, 5), 2, 2, 4, padding="same", dilation=3),
    conv("Conv1d", draw(1, 2, 5), 2, 2, 2, padding="valid", stride=3),
    conv("Conv1d", draw(2, 6), 2, 3, 2, padding=1),
    conv("Conv1d", draw(0, 2, 5), 2, 3, 2),
    conv("Conv3d", draw(2, 2, 4, 3, 5), 2, 3, 2),
    conv("Conv3d", draw(1, 1, 1, 1, 1), 1, 1, 1),
    conv("Conv3d", draw(1, 2, 5, 4, 3), 2, 2, (3, 2, 1), stride=(2, 1, 3), padding=(1, 0, 2)),
    conv("Conv3d", draw(1, 4, 5, 3, 4), 4, 2, 2, groups=2, dilation=(3, 1, 2), bias=False),
    conv("Conv3d", draw(1, 1, 3, 4, 2), 1, 2, (2, 3, 2), padding="same"),
    conv("Conv3d", draw(2, 3, 2, 3), 2, 2, 2, padding=1, stride=2),
    conv_transpose("ConvTranspose1d", draw(2, 2, 4), 2, 3, 3),
    conv_transpose("ConvTranspose1d", draw(1, 1, 1), 1, 1, 1),
    conv_transpose("ConvTranspose1d", draw(2, 3, 5), 3, 2, 3, stride=2, padding=1, outputPadding=1),
    # More is cut off than the last windows cover, and put back as zeros.
    conv_transpose("ConvTranspose1d", draw(1, 1, 4), 1, 2, 2, stride=4, padding=1, outputPadding=3),
    # The output padding may be as large as the stride where the dilation is larger.
    conv_transpose("ConvTranspose1d", draw(1, 2, 3), 2, 2, 2, stride=1, dilation=3, outputPadding=2),
    conv_transpose("ConvTranspose1d", draw(2, 4, 3), 4, 6, 2, groups=2, dilation=2, bias=False),
    conv_transpose("ConvTranspose1d", draw(2, 5), 2, 3, 3, stride=3),
    conv_transpose("ConvTranspose1d", draw(0, 2, 5), 2, 3, 3),
    conv_transpose("ConvTranspose2d", draw(2, 2, 3, 4), 2, 3, 3),
    conv_transpose("ConvTranspose2d", draw(1, 1, 1, 1), 1, 1, 2, stride=2),
    conv_transpose("ConvTranspose2d", draw(1, 3, 3, 2), 3, 2, (3, 2), stride=(2, 3), padding=(1, 0), outputPadding=(1, 2)),
    conv_transpose("ConvTranspose2d", draw(2, 4, 2, 3), 4, 6, 2, stride=2, groups=2),
    conv_transpose("ConvTranspose2d", draw(1, 3, 3, 3), 3, 3, (2, 3), groups=3, dilation=(2, 1), padding=(1, 2), bias=False),
    conv_transpose("ConvTranspose2d", draw(1, 2, 4, 3), 2, 2, 3, stride=1, padding=2),
    conv_transpose("ConvTranspose2d", draw(2, 3, 2), 2, 3, 2, stride=2, outputPadding=1),
    conv_transpose("ConvTranspose3d", draw(2, 2, 2, 3, 4), 2, 3, 2),
    conv_transpose("ConvTranspose3d", draw(1, 1, 1, 1, 1), 1, 1, 1),
    conv_transpose("ConvTranspose3d", draw(1, 2, 2, 3, 2), 2, 3, (3, 2, 1), stride=(2, 1, 3), padding=(1, 0, 0), outputPadding=(1, 0, 2)),
    conv_transpose("ConvTranspose3d", draw(1, 4, 3, 2, 2), 4, 2, 2, groups=2, dilation=(3, 1, 2), bias=False),
    conv_transpose("ConvTranspose3d", draw(2, 3, 2, 3), 2, 2, 3, padding=1, stride=2),
]

write_file("convolution.json", cases)
