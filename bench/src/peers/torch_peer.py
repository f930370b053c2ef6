"""PyTorch as a peer: reads commands as lines of JSON, and answers each with a line of JSON.

    python torch_peer.py THREADS

The first line it writes is {"version": ..., "interpreter": path, "blas": name}. Then
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

from torch_model import model_of, training_step


def model_with(layers, parameters):
    model = model_of(layers)
    model.load_state_dict(parameters)
    return model


def computation(kind, inputs, padding=0, transposeA=False, transposeB=False, layers=(), loss=""):
    """Returns a function without arguments that computes the task."""
    if kind == "trainingStep":
        x, y, parameters = split(inputs)
        step = training_step(model_with(layers, parameters), loss, x, y)
        return lambda: torch.tensor([step()])
    if kind == "forward":
        x, _, parameters = split(inputs)
        model = model_with(layers, parameters).eval()
        return torch.no_grad()(lambda: model(x))
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
    return torch.no_grad()(function)


def split(inputs):
    """x, y or None, and the parameters."""
    return inputs["x"], inputs.get("y"), {k: v for k, v in inputs.items() if k not in ("x", "y")}


def decode(entry):
    elements = numpy.frombuffer(base64.b64decode(entry["base64"]), entry["dtype"])
    return torch.from_numpy(elements.reshape(entry["shape"]).copy())


def blas():
    """The library for matrix products: MKL in PyTorch's own packages, otherwise the loaded file, from Linux's /proc."""
    if torch.backends.mkl.is_available():
        return "MKL"
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

    greeting = {"version": torch.__version__, "interpreter": sys.executable, "blas": blas()}
    print(json.dumps({key: value for key, value in greeting.items() if value}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # Whatever is wrong is said in its row of the table.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
