"""Writes dropout.json beside it with PyTorch: dropout where nothing is left to chance.

    npm run goldens -- --only nn/golden/dropout

What is dropped in between is decided by each library's own random numbers: src/layers/dropout.test.ts looks at that.
"""

from torch import nn

from cases import draw, layer_case, write_file


def dropout(layer, x, probability, training):
    return layer_case(layer, getattr(nn, layer)(probability).train(training), x, probability)


cases = [
    dropout(layer, draw(*shape), probability, training)
    for layer, shapes in [("Dropout", [(3, 5), (), (0, 2)]), ("Dropout2d", [(2, 3, 5, 7), (1, 1, 1, 1)])]
    for shape in shapes
    for probability, training in [(0.5, False), (0.3, False), (1, False), (0, True), (1, True)]
]

write_file("dropout.json", cases)
