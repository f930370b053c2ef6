"""PyTorch as a peer: reads a line of JSON, does what it says, answers with a line of JSON.

    python torch_peer.py THREADS

The first line it writes is {"version": ..., "blas": path}. Then
    {"prepare": task, "inputs": {name: {"shape", "dtype", "base64"}}}  ->  {}
    {"run": calls}                                                      ->  {"milliseconds": ...}
    {"result": true}                                                    ->  {"float32": base64}
or {"error": reason}. Tasks are those of ../workload.ts.
"""

import base64
import json
import sys
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional


class Positions(nn.Module):
    """Adds a learned vector for each place."""

    def __init__(self, places, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(places, features))

    def forward(self, x):
        return x + self.weight


class CausalTransformer(nn.TransformerEncoderLayer):
    """A layer of GPT-2."""

    def __init__(self, features, heads):
        super().__init__(features, heads, 4 * features, 0.0, "gelu", batch_first=True, norm_first=True)

    def forward(self, x):
        places = x.shape[1]
        later = torch.ones(places, places, dtype=torch.bool).triu(1)
        return super().forward(x, later)


def module(layer, inputs=0, outputs=0, size=0, rows=0, places=0, features=0, heads=0):
    return {
        "linear": lambda: nn.Linear(inputs, outputs),
        "convolution": lambda: nn.Conv2d(inputs, outputs, size, padding=size // 2),
        "maxPool": lambda: nn.MaxPool2d(size),
        "relu": nn.ReLU,
        "flatten": nn.Flatten,
        "embedding": lambda: nn.Embedding(rows, features),
        "positions": lambda: Positions(places, features),
        "causalTransformer": lambda: CausalTransformer(features, heads),
        "layerNorm": lambda: nn.LayerNorm(features),
    }[layer]()


def training_step(layers, x, y, **parameters):
    model = nn.Sequential(*(module(**layer) for layer in layers))
    model.load_state_dict(parameters)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    target = y.long()

    def step():
        logits = model(x)
        loss = functional.cross_entropy(logits.reshape(target.numel(), -1), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return torch.tensor([loss.item()])

    return step


def computation(kind, inputs, padding=0, transposeA=False, transposeB=False, layers=()):
    """A function without arguments that computes the task."""
    if kind == "trainingStep":
        return training_step(layers, **inputs)
    a, b, x, weight, upstream = (inputs.get(name) for name in ("a", "b", "x", "weight", "upstream"))
    function = {
        "matmul": lambda: (a.mT if transposeA else a) @ (b.mT if transposeB else b),
        "convolution": lambda: functional.conv2d(x, weight, padding=padding),
        "convolutionInputGradient": lambda: nn.grad.conv2d_input(x.shape, weight, upstream, padding=padding),
        "convolutionFilterGradient": lambda: nn.grad.conv2d_weight(x, weight.shape, upstream, padding=padding),
        "softmax": lambda: x.softmax(-1),
        "layerNorm": lambda: functional.layer_norm(x, x.shape[-1:]),
        "sum": lambda: x.sum(-1),
        "reluChain": lambda: (x * 2 + 1).relu() * x,
        "tanhChain": lambda: (x * 2 + 1).tanh() * x,
    }[kind]

    def without_gradients():
        with torch.no_grad():
            return function()

    return without_gradients


def decode(entry):
    elements = numpy.frombuffer(base64.b64decode(entry["base64"]), entry["dtype"])
    return torch.from_numpy(elements.reshape(entry["shape"]).copy())


def blas():
    """The library for matrix products that is loaded; Linux tells."""
    maps = Path("/proc/self/maps")
    files = [line.split()[-1] for line in maps.read_text().splitlines()] if maps.exists() else []
    return next((file for file in files if "blas" in Path(file).name or "mkl" in Path(file).name), None)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    compute, last = None, None

    def answer(question):
        nonlocal compute, last
        if "prepare" in question:
            inputs = {name: decode(entry) for name, entry in question["inputs"].items()}
            compute, last = computation(inputs=inputs, **question["prepare"]), None
            return {}
        if "run" in question:
            start = time.perf_counter()
            for _ in range(question["run"]):
                last = compute()
            return {"milliseconds": 1e3 * (time.perf_counter() - start)}
        numbers = last.contiguous().numpy().astype("float32")
        return {"float32": base64.b64encode(numbers.tobytes()).decode()}

    print(json.dumps({"version": torch.__version__, "blas": blas()}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # Whatever is wrong is said in its row of the table.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
