"""Writes init.json beside it with PyTorch: how the weights of each initializer, and the first weights of each layer, are
distributed; and the weights themselves where nothing is left to chance.

    npm run goldens -- --only nn/golden/init
"""

import json
import os

import torch
from torch import nn
from torch.nn import init

torch.manual_seed(1)

shares = [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0]


def distribution(x):
    x = x.detach().double()
    return {
        "shape": list(x.shape),
        "zeros": (x == 0).double().mean().item(),
        "mean": x.mean().item(),
        "std": x.std(unbiased=False).item(),
        "quantiles": torch.quantile(x.flatten(), torch.tensor(shares, dtype=torch.float64)).tolist(),
    }


def initializer(ours, theirs, shape, options={}, **named):
    """`options` are ours, `named` are PyTorch's."""
    return {
        "init": ours,
        "options": options,
        "distribution": distribution(getattr(init, theirs)(torch.empty(*shape), **named)),
    }


shape = (100, 40, 2, 5)
initializers = [
    initializer("uniform", "uniform_", shape, {"low": -0.3, "high": 0.7}, a=-0.3, b=0.7),
    initializer("normal", "normal_", shape, {"mean": 2, "std": 0.3}, mean=2, std=0.3),
    initializer("truncNormal", "trunc_normal_", shape),
    initializer("truncNormal", "trunc_normal_", shape, {"std": 0.02}, std=0.02),
    initializer(
        "truncNormal",
        "trunc_normal_",
        shape,
        {"mean": 1, "std": 2, "low": 0, "high": 1.5},
        mean=1,
        std=2,
        a=0,
        b=1.5,
    ),
    initializer("xavierUniform", "xavier_uniform_", shape),
    initializer("xavierNormal", "xavier_normal_", shape, {"gain": 1.5}, gain=1.5),
    initializer("orthogonal", "orthogonal_", (60, 40), {"gain": 2}, gain=2),
    initializer("sparse", "sparse_", (200, 100), {"sparsity": 0.1}, sparsity=0.1),
    initializer("sparse", "sparse_", (7, 3000), {"sparsity": 0.5, "std": 2}, sparsity=0.5, std=2),
]
kinds = [("relu", "relu"), ("leakyRelu", "leaky_relu"), ("tanh", "tanh"), ("linear", "linear"), ("selu", "selu")]
for distributed in ["Uniform", "Normal"]:
    for ours, theirs in kinds:
        for fan in ["In", "Out"]:
            initializers.append(
                initializer(
                    f"kaiming{distributed}",
                    f"kaiming_{distributed.lower()}_",
                    shape,
                    {"nonlinearity": ours, "mode": f"fan{fan}", "negativeSlope": 0.2},
                    nonlinearity=theirs,
                    mode=f"fan_{fan.lower()}",
                    a=0.2,
                )
            )


def exact(ours, theirs, shape, options={}, **named):
    x = getattr(init, theirs)(torch.empty(*shape), **named)
    return {"init": ours, "options": options, "shape": list(shape), "data": x.flatten().int().tolist()}


exactly = [
    exact("zeros", "zeros_", (2, 3)),
    exact("ones", "ones_", (3, 1, 2)),
    {**exact("constant", "constant_", (2, 2), val=-3), "arguments": [-3]},
    exact("eye", "eye_", (3, 5)),
    exact("dirac", "dirac_", (3, 4, 3)),
    exact("dirac", "dirac_", (5, 2, 4)),
    exact("dirac", "dirac_", (4, 4, 3, 5)),
    exact("dirac", "dirac_", (6, 2, 2, 3), {"groups": 3}, groups=3),
    exact("dirac", "dirac_", (2, 3, 3, 1, 2)),
]


def layer(name, *arguments, options={}, **named):
    built = getattr(nn, name)(*arguments, **named)
    parameters = {key: distribution(value) for key, value in built.state_dict().items()}
    return {"layer": name, "arguments": arguments, "options": options, "parameters": parameters}


layers = [
    layer("Linear", 100, 300),
    layer("Bilinear", 12, 40, 300),
    layer("Embedding", 300, 100),
    layer("Embedding", 500, 40, options={"paddingIdx": 3}, padding_idx=3),
    layer("Conv1d", 60, 90, 5, options={"groups": 3}, groups=3),
    layer("Conv2d", 40, 80, (3, 5)),
    layer("Conv3d", 20, 80, (3, 2, 3)),
    layer("ConvTranspose1d", 60, 90, 5, options={"groups": 3}, groups=3),
    layer("ConvTranspose2d", 40, 80, (3, 5)),
    layer("ConvTranspose3d", 20, 80, (3, 2, 3)),
    layer("RNN", 30, 100),
    layer("GRU", 30, 100, options={"bidirectional": True}, bidirectional=True),
    layer("LSTM", 30, 100, options={"numLayers": 2}, num_layers=2),
    layer("MultiheadAttention", 120, 4),
    layer("MultiheadAttention", 120, 4, options={"kdim": 200, "vdim": 80}, kdim=200, vdim=80),
    layer("TransformerEncoderLayer", 64, 4, options={"dimFeedforward": 200}, dim_feedforward=200),
    layer("TransformerDecoderLayer", 64, 4, options={"dimFeedforward": 200}, dim_feedforward=200),
    layer("PReLU", options={"numParameters": 5}, num_parameters=5),
    layer("BatchNorm1d", 5),
    layer("BatchNorm2d", 5),
    layer("InstanceNorm2d", 5, options={"affine": True, "trackRunningStats": True}, affine=True, track_running_stats=True),
    layer("GroupNorm", 2, 4),
    layer("LayerNorm", 5),
    layer("RNNCell", 30, 100),
    layer("GRUCell", 30, 100),
    layer("LSTMCell", 30, 100),
]

# A linear layer's own beginning, which is drawn last so that what is above stays as it is.
bias = nn.Linear(50, 4000).bias
initializers.append({"init": "fanInUniform", "arguments": [50], "options": {}, "distribution": distribution(bias)})


def number(name, *given, value):
    return {"init": name, "arguments": given, "value": value}


def gain(ours, theirs, *slope):
    options = [{"negativeSlope": slope[0]}] if slope else []
    return number("calculateGain", ours, *options, value=init.calculate_gain(theirs, *slope))


numbers = [gain(ours, theirs) for ours, theirs in [*kinds, ("sigmoid", "sigmoid")]]
numbers.append(gain("leakyRelu", "leaky_relu", 0.3))
for weight in [(3, 5), (6, 2, 3), (4, 3, 5, 7)]:
    fan_in, fan_out = init._calculate_fan_in_and_fan_out(torch.empty(weight))
    numbers += [number("fanIn", weight, value=fan_in), number("fanOut", weight, value=fan_out)]

with open(os.path.join(os.path.dirname(__file__), "init.json"), "w") as file:
    content = {"shares": shares, "initializers": initializers, "exactly": exactly, "numbers": numbers, "layers": layers}
    parts = []
    for key, values in content.items():
        digits = 13 if key == "numbers" else 6
        short = lambda text: float(f"{float(text):.{digits}g}")
        lines = [json.loads(json.dumps(value), parse_float=short) for value in values]
        parts.append(json.dumps(key) + ":[\n" + ",\n".join(json.dumps(v, separators=(",", ":")) for v in lines) + "\n]")
    file.write("{\n" + ",\n".join(parts) + "\n}\n")
