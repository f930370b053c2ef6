"""Writes the golden files beside it with the formats' own libraries: Python's safetensors, NumPy and PyTorch.

    pip install safetensors==0.8.0 numpy==2.4.6 torch==2.13.0 && python make.py

The tests compute the expected values by the same formulas as below.
"""

import numpy as np
import safetensors
import safetensors.numpy
import torch

floats = (np.arange(6) / 4 - 0.5).reshape(2, 3)

# Every dtype that Stargrad has. The names sort differently by UTF-16 units and by code points.
safetensors.numpy.save_file(
    {
        "layer.weight": floats.astype("<f4"),
        "layer.bias": np.array([1e-45, -0.0, np.inf], "<f4"),
        "precise": (floats / 3).astype("<f8"),
        "count": np.array(-7, "<i4"),
        "mask": np.array([True, False, True]),
        "empty": np.zeros((0, 4), "<f4"),
        "\ufb01": np.array([1], "<i4"),
        "\U0001f31f": np.array([2], "<i4"),
        'quote " and \\ and \n': np.array([3], "<i4"),
    },
    "ours.safetensors",
    metadata={"made by": "safetensors"},
)

# Dtypes that are widened or narrowed on reading.
safetensors.numpy.save_file(
    {"half": floats.astype("<f2"), "long": np.array([-(2**31), 2**31 - 1], "<i8")}, "converted.safetensors"
)

# NumPy has no bfloat16: its bytes are the upper half of float32's.
brain = (np.array([1.5, -2.0, np.inf, 2.0**-133], "<f4").view("<u4") >> 16).astype("<u2")
spec = safetensors.TensorSpec(dtype="bfloat16", shape=[4], data_ptr=brain.ctypes.data, data_len=brain.nbytes)
safetensors.serialize_file({"brain": spec}, "bfloat16.safetensors")

for name, array in {
    "bool": np.array([[True, False]]),
    "int8": np.array([-128, 127], "i1"),
    "uint8": np.array([0, 255], "u1"),
    "int16": np.array([-32768, 32767], "<i2"),
    "uint16": np.array([0, 65535], "<u2"),
    "int32": np.arange(6, dtype="<i4").reshape(2, 3) - 3,
    "int64": np.array([-(2**31), 2**31 - 1], "<i8"),
    "float16": floats.astype("<f2"),
    "float32": floats.astype("<f4"),
    "float64": np.array(0.1, "<f8"),
    "fortran": np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)),
    "empty": np.zeros((0, 4), "<f4"),
}.items():
    np.save(f"{name}.npy", array)

for version in (2, 3):
    with open(f"version-{version}.npy", "wb") as file:
        np.lib.format.write_array(file, floats.astype("<f4"), version=(version, 0))

# Files that must be refused.
np.save("big-endian.npy", np.arange(3, dtype=">f4"))
np.save("complex.npy", np.array([1j], "<c8"))
np.save("structured.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))

# Archives of arrays. Equal names in both, so that the tests expect equal tensors.
archive = {
    "weight": floats.astype("<f4"),
    "deep/name": np.arange(5, dtype="<i4"),
    "fortran": np.asfortranarray(floats),
    "scalar": np.array(True),
    "zeros": np.zeros((40, 50), "<f4"),
}
np.savez("stored.npz", **archive)
np.savez_compressed("deflated.npz", **archive)

# Files of PyTorch's. They hold small whole numbers, which every element type can hold.
torch.manual_seed(0)


def numbers(*shape, dtype=torch.float32):
    return torch.arange(int(np.prod(shape))).reshape(shape).to(dtype)


model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(numbers(*parameter.shape))
torch.save(model.state_dict(), "state-dict.pt")
torch.save(model.state_dict(), "protocol-4.pt", pickle_protocol=4)

optimizer = torch.optim.Adam(model.parameters(), lr=0.25)
model(numbers(4, 3)).sum().backward()
optimizer.step()
for state in optimizer.state.values():
    state["exp_avg"].fill_(2)
    state["exp_avg_sq"].fill_(3)
shared = numbers(2, 2)
torch.save(
    {
        "epoch": 3,
        "loss": 0.125,
        "name": "a model \U0001f31f",
        "best": None,
        "finished": False,
        "count": 2**40,
        "negative": -5,
        "model": {"a": shared, "b": shared},
        "list": [numbers(1), [numbers(2)]],
        "optimizer": optimizer.state_dict(),
    },
    "checkpoint.pt",
)
torch.save(
    {str(dtype).removeprefix("torch."): numbers(2, 3, dtype=dtype) for dtype in (
        torch.bool, torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64,
    )},
    "dtypes.pt",
)
whole = numbers(4, 6)
torch.save(
    {
        "whole": whole,
        "transposed": whole.t(),
        "part": whole[1:3, 2:5],
        "every second": whole[::2, ::3],
        "expanded": numbers(1, 3).expand(4, 3),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 4),
        "permuted": numbers(2, 3, 4).permute(2, 0, 1),
    },
    "views.pt",
)
torch.save(numbers(3), "tensor.pt")

# Files that must be refused.
torch.save(model, "model.pt")
torch.save({"sparse": torch.eye(2).to_sparse()}, "sparse.pt")
torch.save({"complex": torch.ones(2, dtype=torch.complex64)}, "complex.pt")


class Harmful:
    """What an attack looks like: Python would call a function while reading."""

    def __reduce__(self):
        return (print, ("this must never be run",))


torch.save({"weight": numbers(2), "harmful": Harmful()}, "harmful.pt")
