"""Writes events.tfevents in this folder with TensorBoard's own messages, and verifies with TensorBoard's own reader that it says what the
test means. The test writes the same bytes.

    npm run goldens -- --only train/golden/events

With a file as its argument, it prints what TensorBoard reads in that file.
"""

import base64
import io
import struct
import sys

import numpy
from PIL import Image
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.util import tensor_util

# A picture of 2 by 3 pixels that our encoder has written.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAG0lEQVR4XmNg+M9gfIYhbSYDw8w0hjPGQC4DAD7VBftcmf1vAAAAAElFTkSuQmCC")
SECONDS = 1764500000.25


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(event):
    data = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def summary(step, *values):
    return event_pb2.Event(wall_time=SECONDS, step=step, summary=summary_pb2.Summary(value=values))


def plugin(name, content=b""):
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=name, content=content)
    return summary_pb2.SummaryMetadata(plugin_data=data)


def session(tag, **content):
    data = plugin_data_pb2.HParamsPluginData(**content).SerializeToString(deterministic=True)
    return Value(tag=tag, metadata=plugin("hparams", data), tensor=metadata.NULL_TENSOR)


Value = summary_pb2.Summary.Value
start = plugin_data_pb2.SessionStartInfo(start_time_secs=SECONDS)
# One at a time: maps have no order.
start.hparams["rate"].number_value = 0.5

texts = tensor_pb2.TensorProto(
    dtype=types_pb2.DT_STRING,
    tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]),
    string_val=["**größe** 🌟".encode()],
)
histogram = summary_pb2.HistogramProto(
    min=-1, max=3, num=5, sum=4, sum_squares=12, bucket_limit=[0, 1, 2, 3], bucket=[1, 1, 2, 1]
)
ended = plugin_data_pb2.SessionEndInfo(status="STATUS_SUCCESS", end_time_secs=SECONDS)
events = [
    event_pb2.Event(wall_time=SECONDS, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=SECONDS, step=3, session_log=event_pb2.SessionLog(status="START")),
    summary(0, Value(tag="loss", simple_value=0.1)),
    summary(2**31 + 5, Value(tag="größe/🌟", simple_value=float("nan"))),
    summary(2**53 - 1, Value(tag="a", simple_value=float("inf")), Value(tag="b", simple_value=float("-inf"))),
    summary(4, Value(tag="weights", histo=histogram)),
    summary(5, Value(tag="picture", image=summary_pb2.Summary.Image(height=2, width=3, colorspace=3, encoded_image_string=PNG))),
    summary(6, Value(tag="note", metadata=plugin("text"), tensor=texts)),
    summary(0, session("_hparams_/session_start_info", session_start_info=start)),
    summary(0, session("_hparams_/session_end_info", session_end_info=ended)),
]


def read(path):
    """What TensorBoard reads: one line a value."""
    for event in event_file_loader.EventFileLoader(path).Load():
        if event.WhichOneof("what") != "summary":
            yield f"{event.step} {event.WhichOneof('what')}"
        for value in event.summary.value:
            name = value.metadata.plugin_data.plugin_name
            content = tensor_util.make_ndarray(value.tensor)
            if name == "hparams":
                content = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
                content = " ".join(str(content).split())
            elif name == "images":
                picture = Image.open(io.BytesIO(content[2]))
                content = f"{content[:2].tolist()} {numpy.asarray(picture).reshape(-1, 3).tolist()}"
            else:
                content = content.tolist()
            yield f"{event.step} {name} {value.tag} {content}"


if len(sys.argv) > 1:
    print("\n".join(read(sys.argv[1])))
    sys.exit()

with open("events.tfevents", "wb") as file:
    file.writelines(record(event) for event in events)

expected = f"""\
0 file_version
3 session_log
0 scalars loss 0.10000000149011612
2147483653 scalars größe/🌟 nan
9007199254740991 scalars a inf
9007199254740991 scalars b -inf
4 histograms weights [[-1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 2.0, 2.0], [2.0, 3.0, 1.0]]
5 images picture [b'3', b'2'] [[0, 255, 0], [51, 204, 0], [102, 153, 0], [153, 102, 0], [204, 51, 0], [255, 0, 0]]
6 text note [b'**gr\\xc3\\xb6\\xc3\\x9fe** \\xf0\\x9f\\x8c\\x9f']
0 hparams _hparams_/session_start_info session_start_info {{ hparams {{ key: "rate" value {{ number_value: 0.5 }} }} start_time_secs: {SECONDS} }}
0 hparams _hparams_/session_end_info session_end_info {{ status: STATUS_SUCCESS end_time_secs: {SECONDS} }}"""
found = "\n".join(read("events.tfevents"))
assert found == expected, found
