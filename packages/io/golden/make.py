"""Writes the golden files beside it with the formats' own libraries: Python's safetensors and NumPy.

    pip install safetensors==0.8.0 numpy==2.4.6 && python make.py

The tests compute the expected values by the same formulas as below.
"""

import numpy as np
import safetensors
import safetensors.numpy

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
