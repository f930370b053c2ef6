"""Writes the files of the folder parquet, in the encodings and codecs of Parquet, and parquet.json, with what pyarrow reads from them.

    npm run goldens -- --only datasets/golden/parquet
"""

import datetime
import decimal
import json
import math
import os
import random

import pyarrow as pa
import pyarrow.parquet as pq

random.seed(5)
ROWS = 100
UTC = datetime.timezone.utc
WORDS = ["Oslo", "Rome", "", "Größe", "言葉", "🌟 star", "a longer text, with a comma"]


def maybe(values, missing):
    """Every so often a value is missing."""
    return [None if missing and i % 7 == 3 else value for i, value in enumerate(values)]


def columns(missing):
    whole = range(ROWS)
    moments = [datetime.datetime(1969, 12, 28, 5, 6, 7, 891234) + i * datetime.timedelta(hours=7) for i in whole]
    fields = {
        "flag": (pa.bool_(), [i % 3 == 0 for i in whole]),
        "int8": (pa.int8(), [i - 50 for i in whole]),
        "uint8": (pa.uint8(), [i + 100 for i in whole]),
        "int16": (pa.int16(), [300 * (i - 50) for i in whole]),
        "int32": (pa.int32(), [random.randint(-(2**31), 2**31 - 1) for _ in whole]),
        "uint32": (pa.uint32(), [random.randint(0, 2**32 - 1) for _ in whole]),
        "int64": (pa.int64(), [random.randint(-(2**53), 2**53) for _ in whole]),
        "uint64": (pa.uint64(), [2**63 + 2**20 * i for i in whole]),
        "float16": (pa.float16(), [(-1) ** i * 2.0 ** (i / 4 - 16) for i in whole]),
        "float32": (pa.float32(), [math.sin(i) for i in whole]),
        "float64": (pa.float64(), [math.inf if i == 5 else math.exp(i) for i in whole]),
        "decimal": (pa.decimal128(20, 3), [decimal.Decimal(i * i - 700) / 8 for i in whole]),
        "small": (pa.decimal128(7, 2), [decimal.Decimal(i - 30) / 4 for i in whole]),
        "day": (pa.date32(), [datetime.date(1969, 6, 1) + datetime.timedelta(days=5 * i) for i in whole]),
        "milliseconds": (pa.timestamp("ms"), moments),
        "microseconds": (pa.timestamp("us", tz="UTC"), [moment.replace(tzinfo=UTC) for moment in moments]),
        "nanoseconds": (pa.timestamp("ns"), moments),
        "word": (pa.string(), [WORDS[i * i % 7] for i in whole]),
        "name": (pa.string(), [f"row {i} {WORDS[i % 7]}" for i in whole]),
    }
    return pa.table({
        name: pa.array(maybe(values, missing), type=kind, safe=False) if kind != pa.float16() else float16(maybe(values, missing))
        for name, (kind, values) in fields.items()
    })


def float16(values):
    return pa.array(values, type=pa.float32()).cast(pa.float16())


whole, gaps = columns(False), columns(True)
byte_arrays = [name for name in whole.column_names if whole.schema.field(name).type == pa.string()]
integers = ["int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "day", "milliseconds", "microseconds", "nanoseconds"]
FILES = {
    "plain": (whole, {"compression": "none", "use_dictionary": False}),
    "gaps": (gaps, {"compression": "none", "use_dictionary": False}),
    "snappy": (gaps, {"compression": "snappy"}),
    "gzip-pages-2": (gaps, {"compression": "gzip", "data_page_version": "2.0"}),
    "brotli": (gaps, {"compression": "brotli"}),
    "zstd": (gaps, {"compression": "zstd"}),
    "row-groups": (gaps, {"row_group_size": 17, "data_page_version": "2.0"}),
    "small-pages": (gaps, {"data_page_size": 64, "write_batch_size": 8, "dictionary_pagesize_limit": 64}),
    "deltas": (gaps, {
        "use_dictionary": False,
        "data_page_version": "2.0",
        "column_encoding": {name: "DELTA_BINARY_PACKED" for name in integers}
        | {"word": "DELTA_BYTE_ARRAY", "name": "DELTA_LENGTH_BYTE_ARRAY", "flag": "RLE"},
    }),
    "split": (gaps, {
        "use_dictionary": False,
        "column_encoding": {name: "BYTE_STREAM_SPLIT" for name in ["float32", "float64", "int32", "int64", "decimal"]},
    }),
    "int96": (gaps.select(["milliseconds", "nanoseconds"]), {"use_deprecated_int96_timestamps": True}),
    "empty": (whole.slice(0, 0), {}),
}
REFUSED = {
    "lz4": (whole.select(["int8"]), {"compression": "lz4"}),
    "nested": (pa.table({"id": [1, 2], "list": [[1], [2, 3]], "record": [{"a": 1}, {"a": 2}], "last": ["x", "y"]}), {}),
    "long-numbers": (pa.table({"id": [1, 2**53 + 1], "b": [1.5, 2.5]}), {}),
    "bytes": (pa.table({"b": [b"\xff\xfe", b"a"], "time": [datetime.time(1), datetime.time(2)]}), {}),
}


def number(value):
    """As the reader gives it: milliseconds since 1970, and numbers."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime.datetime):
        return math.floor((value.replace(tzinfo=UTC) - datetime.datetime(1970, 1, 1, tzinfo=UTC)) / datetime.timedelta(milliseconds=1))
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days * 86_400_000
    if isinstance(value, decimal.Decimal):
        return float(value)
    return "Infinity" if value == math.inf else value


os.makedirs("parquet", exist_ok=True)
expected = {}
for name, (table, options) in (FILES | REFUSED).items():
    pq.write_table(table, f"parquet/{name}.parquet", **options)
    if name in REFUSED:
        continue
    read = pq.read_table(f"parquet/{name}.parquet")
    nanoseconds = {
        column: [None if v is None else v // 1_000_000 for v in read.column(column).cast(pa.int64()).to_pylist()]
        for column in read.column_names
        if read.schema.field(column).type == pa.timestamp("ns")
    }
    expected[name] = {
        column: nanoseconds.get(column) or [number(value) for value in read.column(column).to_pylist()]
        for column in read.column_names
    }

with open("parquet.json", "w") as file:
    json.dump(expected, file)
