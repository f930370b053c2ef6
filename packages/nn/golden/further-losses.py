"""Writes further-losses.json beside it with PyTorch: the losses that make.py leaves out.

    npm run goldens -- --only nn/golden/further-losses
"""

import itertools

import torch
from torch.nn import functional as F

from cases import draw, loss_case, write_file

reductions = ["none", "mean", "sum"]


def nll(logits, target, weight=None, ignoreIndex=-100, **options):
    def function(x, target, weight=None, ignoreIndex=-100, **others):
        return F.nll_loss(x, target, weight=weight, ignore_index=ignoreIndex, **others)

    tensors = {} if weight is None else {"weight": weight}
    inputs = [logits.clone(), target.clone()]
    return loss_case("nllLoss", function, inputs, tensors, ignoreIndex=ignoreIndex, **options)


def elementwise(name, function, prediction, target, **options):
    return loss_case(name, function, [prediction.clone(), target.clone()], **options)


def binary_cross_entropy(probabilities, target, weight=None, **options):
    tensors = {} if weight is None else {"weight": weight}
    inputs = [probabilities.clone(), target.clone()]
    return loss_case("binaryCrossEntropy", F.binary_cross_entropy, inputs, tensors, **options)


def kl_div(x, target, **options):
    def function(x, target, logTarget=False, **others):
        return F.kl_div(x, target, log_target=logTarget, **others)

    return loss_case("klDivLoss", function, [x.clone(), target.clone()], **options)


def triplet(shape, **options):
    def function(a, p, n, order=2, epsilon=1e-6, **others):
        return F.triplet_margin_loss(a, p, n, p=order, eps=epsilon, **others)

    return loss_case("tripletMarginLoss", function, [draw(*shape) for _ in range(3)], **options)


def ctc(logits, targets, reduction, blank=0, zeroInfinity=False, **lengths):
    """Of logits: PyTorch's gradient holds only behind a log-softmax, whose gradient it has taken in."""

    def function(logits, targets, inputLengths=None, targetLengths=None, blank=0, zeroInfinity=False, **others):
        x = logits.log_softmax(-1)
        items = targets.shape[:-1]
        inputs = torch.full(items, len(x)) if inputLengths is None else inputLengths
        outputs = torch.full(items, targets.shape[-1]) if targetLengths is None else targetLengths
        return F.ctc_loss(x, targets, inputs, outputs, blank=blank, zero_infinity=zeroInfinity, **others)

    options = {"blank": blank, "zeroInfinity": zeroInfinity, "reduction": reduction}
    return loss_case("ctcLoss", function, [logits.clone(), targets.clone()], lengths, **options)


cases = []

indexed = [
    (draw(3), torch.tensor(1)),
    (draw(5, 3), torch.tensor([2, 1, -100, 0, 1])),
    (draw(2, 3, 2), torch.tensor([[0, 1], [-100, 2]])),
    (draw(1, 1), torch.tensor([0])),
    (draw(2, 3), torch.tensor([-100, -100])),
    (draw(0, 3), torch.zeros(0, dtype=torch.int64)),
]
for (logits, target), weighted, reduction in itertools.product(indexed, [False, True], reductions):
    weight = torch.tensor([0.5, 2.0, 1.25])[: logits.shape[0 if logits.ndim == 1 else 1]] if weighted else None
    cases.append(nll(logits, target, weight, reduction=reduction))
    within = torch.where(target < 0, torch.tensor(0), target)
    cases.append(nll(logits, within, weight, reduction=reduction, ignoreIndex=1))

# Errors on both sides of where the parabola ends, on it, and none at all.
prediction = torch.tensor([[0.0, 0.25, -0.5], [1.0, -1.0, 3.5], [2.5, -7.0, 1e6]])
target = torch.zeros(3, 3)
for reduction in reductions:
    for x, t in [(prediction, target), (draw(2, 3), draw(2, 3)), (draw(), draw()), (draw(0, 2), draw(0, 2))]:
        cases.append(elementwise("l1Loss", F.l1_loss, x, t, reduction=reduction))
        for delta in [1.0, 0.5, 2.5]:
            cases.append(elementwise("huberLoss", F.huber_loss, x, t, delta=delta, reduction=reduction))
            cases.append(elementwise("smoothL1Loss", F.smooth_l1_loss, x, t, beta=delta, reduction=reduction))
    # Where both are equal PyTorch gives this one the gradient 1, and l1_loss, which it is, 0.
    x, t = draw(3, 4), draw(3, 4, decimals=1) + 0.005
    cases.append(elementwise("smoothL1Loss", F.smooth_l1_loss, x, t, beta=0.0, reduction=reduction))

    # What is certain is right here: PyTorch bounds the gradient of what is wrong by 1e12 in single precision.
    certain = torch.tensor([[0.0, 1, 1, 0], [0.25, 0.5, 0.75, 1e-9]])
    answers = torch.tensor([[0.0, 1, 1, 0], [0.3, 1, 0, 0.75]])
    for weight in [None, torch.tensor([[2.0], [0.25]]), torch.tensor([1.0, 0.5, 4, 3])]:
        cases.append(binary_cross_entropy(certain, answers, weight, reduction=reduction))
    cases.append(binary_cross_entropy(draw(0, 2), draw(0, 2), reduction=reduction))

for reduction in [*reductions, "batchmean"]:
    x = draw(4, 3).log_softmax(1)
    cases.append(kl_div(x, draw(4, 3).softmax(1), reduction=reduction))
    cases.append(kl_div(x, draw(4, 3).log_softmax(1), reduction=reduction, logTarget=True))
    cases.append(kl_div(draw(1, 1), draw(1, 1).abs() + 0.5, reduction=reduction))

signs = torch.tensor([1, -1, -1, 1, -1])
for reduction, margin in itertools.product(reductions, [0.0, 0.4, -0.5]):
    options = {"margin": margin, "reduction": reduction}
    for shape, target in [((5, 4), signs), ((3,), torch.tensor(1)), ((3,), torch.tensor(-1)), ((1, 1), -signs[:1])]:
        inputs = [draw(*shape), draw(*shape), target]
        cases.append(loss_case("cosineEmbeddingLoss", F.cosine_embedding_loss, inputs, **options))

for reduction, margin in itertools.product(reductions, [1.0, 0.25]):
    options = {"margin": margin, "reduction": reduction}
    distances = torch.tensor([0.5, 0.5, 0.25, 2, 1])
    for x, t in [(distances, signs), (draw(), torch.tensor(-1)), (draw(2, 5), signs.repeat(2, 1))]:
        cases.append(loss_case("hingeEmbeddingLoss", F.hinge_embedding_loss, [x.clone(), t], **options))

for reduction, swap in itertools.product(reductions, [False, True]):
    for shape in [(5, 3), (4,), (1, 1)]:
        cases.append(triplet(shape, swap=swap, reduction=reduction))
        cases.append(triplet(shape, swap=swap, reduction=reduction, order=1, margin=0.3))
        cases.append(triplet(shape, swap=swap, reduction=reduction, order=3, epsilon=0.1, margin=2.5))

# A repeated class needs a blank between; a padded class is not read; an empty target is all blanks.
words = torch.tensor([[1, 2, 1], [2, 2, 9], [3, 9, 9], [9, 9, 9]])
for reduction in reductions:
    cases.append(ctc(draw(6, 2, 4), words[:1].repeat(2, 1), reduction))
    cases.append(ctc(draw(6, 2, 4), torch.tensor([[0, 2, 2], [1, 0, 1]]), reduction, blank=3))
    lengths = {"inputLengths": torch.tensor([7, 4, 1, 5]), "targetLengths": torch.tensor([3, 2, 1, 0])}
    cases.append(ctc(draw(7, 4, 5), words, reduction, **lengths))
    cases.append(ctc(draw(3, 1, 2), torch.tensor([[1, 1]]), reduction))
    cases.append(ctc(draw(1, 1, 3), torch.tensor([[2]]), reduction))
    cases.append(ctc(draw(5, 4), torch.tensor([1, 3]), reduction))
    cases.append(ctc(draw(2, 2, 4), torch.tensor([[1, 1], [1, 2]]), reduction, zeroInfinity=True))

cases.append(binary_cross_entropy(draw(3, 5).sigmoid(), draw(3, 5).sigmoid(), draw(5).abs()))

write_file("further-losses.json", cases)
