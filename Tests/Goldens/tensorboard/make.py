"""Writes events.golden with TensorBoard's own writer: python make.py (needs the package tensorboard)."""
import pathlib
import struct

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

TIME = 1_700_000_000.25


def record(event):
    data = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(data))
    crc = lambda b: struct.pack("<I", masked_crc32c(b))
    return length + crc(length) + data + crc(data)


def event(step, value):
    return event_pb2.Event(wall_time=TIME, step=step, summary=summary_pb2.Summary(value=[value]))


V = summary_pb2.Summary.Value
text = V(
    tag="notes",
    tensor=tensor_pb2.TensorProto(
        dtype=7,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]),
        string_val=["**größer**".encode()],
    ),
    metadata=summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text")),
)
histogram = summary_pb2.HistogramProto(
    min=-1, max=3, num=5, sum=5, sum_squares=15, bucket_limit=[0, 1, 2, 3], bucket=[1, 1, 1, 2])
events = [
    event_pb2.Event(wall_time=TIME, file_version="brain.Event:2"),
    event(1, V(tag="train/loss", simple_value=0.5)),
    event(2, V(tag="train/loss", simple_value=0.0)),
    event(300, V(tag="samples", image=summary_pb2.Summary.Image(
        height=2, width=3, colorspace=3, encoded_image_string=bytes(range(200)) * 2))),
    event(301, V(tag="sound", audio=summary_pb2.Summary.Audio(
        sample_rate=22050, num_channels=1, length_frames=4, encoded_audio_string=b"RIFF", content_type="audio/wav"))),
    event(302, text),
    event(303, V(tag="weights", histo=histogram)),
]
pathlib.Path(__file__).with_name("events.golden").write_bytes(b"".join(map(record, events)))
