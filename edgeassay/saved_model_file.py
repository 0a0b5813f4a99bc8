"""What a SavedModel says of itself, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edgeassay.plain_files import read_plain
from edgeassay.protobuf import messages

FILE: Final = "saved_model.pb"
DEFAULT: Final = "serving_default"  # what is converted where nobody names another signature
OWN: Final = "__saved_model_"  # how the names begin that TensorFlow needs for itself
# Fields by number: tensorflow/core/protobuf/saved_model.proto and meta_graph.proto.
META_GRAPH, SIGNATURE_DEF, KEY = 2, 5, 1


def signatures_of(folder: Path) -> tuple[str, ...]:
    """The names of a SavedModel's signatures; none where its file can't be read or is damaged, of
    which its converter has more to say.
    """
    try:
        return tuple(dict.fromkeys(_names(memoryview(read_plain(folder / FILE)))))
    except (OSError, ValueError, IndexError):
        return ()


def _names(model: memoryview) -> Iterator[str]:
    for graph in _inside(model, META_GRAPH):
        for entry in _inside(graph, SIGNATURE_DEF):
            for key in _inside(entry, KEY):
                name = bytes(key).decode("utf-8")
                if not name.startswith(OWN):
                    yield name


def _inside(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (inner for number, inner in messages(message) if number == wanted)
