"""Writes metrics.json beside it: metrics of random outputs and targets in float64, by their published definitions.

    python metrics.py        (written with PyTorch 2.13.0)

Counts are made item by item, areas by comparing every pair and every threshold, so nothing is computed as the TypeScript code does it.
Scores are rounded, so that some are equal. Numbers are rounded to 13 digits.
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)


def write(value):
    return None if math.isnan(value) else float(f"{value:.13g}")


def divide(part, whole):
    return part / whole if whole else 0.0


def class_metrics(predicted, target, classes):
    pairs = [(t, p) for t, p in zip(target, predicted) if t != -100]
    matrix = [[sum(1 for pair in pairs if pair == (t, p)) for p in range(classes)] for t in range(classes)]
    hits = [matrix[c][c] for c in range(classes)]
    wrongly = [sum(matrix[t][c] for t in range(classes) if t != c) for c in range(classes)]
    missed = [sum(matrix[c][p] for p in range(classes) if p != c) for c in range(classes)]
    of = {
        "precision": lambda tp, fp, fn: divide(tp, tp + fp),
        "recall": lambda tp, fp, fn: divide(tp, tp + fn),
        "f1": lambda tp, fp, fn: divide(2 * tp, 2 * tp + fp + fn),
    }
    found = {"matrix": matrix}
    for name, value in of.items():
        each = [value(*counts) for counts in zip(hits, wrongly, missed)]
        present = [v for v, *counts in zip(each, hits, wrongly, missed) if sum(counts) > 0]
        found[name] = {
            "macro": write(sum(present) / len(present)),
            "micro": write(value(sum(hits), sum(wrongly), sum(missed))),
        }
        if classes == 2:
            found[name]["binary"] = write(each[1])
    return found


def many(items, classes, missing=None, ignore=0):
    logits = torch.randn(items, classes, generator=generator).round(decimals=1)
    target = torch.randint(classes, (items,), generator=generator)
    if missing is not None:
        target[target == missing] = 0
        logits[:, missing] = -9
    target[:ignore] = -100
    kept = target != -100
    # The first of equal logits comes first.
    order = torch.sort(logits, dim=1, descending=True, stable=True).indices
    among = [(order[:, :k] == target[:, None]).any(1)[kept].double().mean().item() for k in (1, 2, 3)]
    log_p = torch.log_softmax(logits, 1)[kept]
    cross = -log_p[torch.arange(len(log_p)), target[kept]].mean()
    return {
        "logits": logits.flatten().tolist(),
        "target": target.tolist(),
        "classes": classes,
        "topK": [write(value) for value in among],
        "perplexity": write(math.exp(cross)),
        **class_metrics(order[:, 0].tolist(), target.tolist(), classes),
    }


def two(items, share, ignore=0, decimals=1):
    scores = torch.randn(items, generator=generator).round(decimals=decimals)
    target = (torch.rand(items, generator=generator) < share).long()
    scores = (scores + 0.8 * target).round(decimals=decimals)
    target[:ignore] = -100
    pairs = [(s, t) for s, t in zip(scores.tolist(), target.tolist()) if t != -100]
    positive = [s for s, t in pairs if t == 1]
    negative = [s for s, t in pairs if t == 0]
    wins = sum((p > n) + (p == n) / 2 for p in positive for n in negative)
    area = wins / (len(positive) * len(negative)) if positive and negative else math.nan
    precision_sum, before = 0.0, 0.0
    for threshold in sorted({s for s, _ in pairs}, reverse=True):
        chosen = [t for s, t in pairs if s >= threshold]
        recall = sum(chosen) / len(positive) if positive else math.nan
        precision_sum += (recall - before) * sum(chosen) / len(chosen)
        before = recall
    return {
        "scores": scores.tolist(),
        "target": target.tolist(),
        "rocAuc": write(area),
        "averagePrecision": write(precision_sum if positive else math.nan),
        **class_metrics([int(s > 0) for s in scores.tolist()], target.tolist(), 2),
    }


def numbers(items, columns, offset=0.0, constant=False):
    y = torch.randn(items, columns, generator=generator).round(decimals=2) + offset
    if constant:
        y[:, 0] = 3
    output = (y + 0.4 * torch.randn(items, columns, generator=generator)).round(decimals=2)
    residual = ((y - output) ** 2).sum(0)
    total = ((y - y.mean(0)) ** 2).sum(0)
    each = torch.where(total == 0, (residual == 0).double(), 1 - residual / torch.where(total == 0, 1, total))
    return {
        "output": output.flatten().tolist(),
        "target": y.flatten().tolist(),
        "columns": columns,
        "mse": write(((y - output) ** 2).mean().item()),
        "mae": write((y - output).abs().mean().item()),
        "r2": write(each.mean().item()),
    }


content = {
    "many": [many(37, 4), many(30, 3, missing=2), many(25, 5, ignore=6), many(20, 2)],
    "two": [two(40, 0.4), two(33, 0.1, ignore=5), two(50, 0.5, decimals=0), two(12, 0), two(12, 1.1)],
    "numbers": [numbers(31, 1), numbers(20, 3), numbers(25, 1, offset=1000.0), numbers(9, 2, constant=True)],
}
with open(os.path.join(os.path.dirname(__file__), "metrics.json"), "w") as file:
    json.dump(content, file, separators=(",", ":"))
    file.write("\n")
