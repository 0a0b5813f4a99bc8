"""A SavedModel whose batch is 1, and whose `training` flags are off, where neither is left open.

A loop over a sequence keeps what it makes in lists of tensors. TensorFlow's converter must know the
shape of what is in them, which an open batch is part of.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.plain_files import read_plain

# Which input of an operator is the shape of a list's elements.
ELEMENT_SHAPE: Final = {
    "EmptyTensorList": 0,
    "TensorListReserve": 0,
    "TensorListFromTensor": 1,
    "TensorListStack": 1,
    "TensorListConcatV2": 1,
    "TensorListGetItem": 2,
    "TensorListGather": 2,
}
STEPS: Final = 3  # of a sequence whose length is open, where one is tried
FLAGS: Final = ("training", "is_training")


def flags_of(inputs: Iterable[Any]) -> list[str]:
    """Of a signature's inputs, those that say whether the network is being trained."""
    return [t.name for t in inputs if t.dtype.is_bool and t.name in FLAGS]


def rewritten(path: Path, folder: Path, signature: str, *, one_image: bool) -> Path:
    """A SavedModel in `folder` with the one `signature`, which computes what that of the one at
    `path` does, outside of training; with `one_image`, for a batch of 1.
    """
    import tensorflow as tf

    source = _with_shapes(path, folder / "shaped") if one_image else path
    loaded = tf.saved_model.load(str(source))
    called = loaded.signatures[signature]
    inputs = called.structured_input_signature[1]
    off = {
        name: tf.zeros([s or 1 for s in inputs[name].shape], tf.bool)
        for name in flags_of(inputs.values())
    }
    taken = {
        name: tf.TensorSpec(_shape(spec.shape, one_image), spec.dtype, name)
        for name, spec in inputs.items()
        if name not in off
    }
    module = tf.Module()
    module.network = loaded  # which holds the variables
    function = tf.function(lambda **given: called(**given, **off))
    made = folder / "rewritten"
    signatures = {signature: function.get_concrete_function(**taken)}
    tf.saved_model.save(module, str(made), signatures=signatures)
    return made


def _shape(shape: Any, one_image: bool) -> list[int | None]:
    sides = list(shape)
    return [1, *sides[1:]] if one_image and sides and sides[0] is None else sides


def _with_shapes(path: Path, folder: Path) -> Path:
    """A SavedModel whose lists have elements for a batch of 1 where they have some for any. What
    else it is made of is linked.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    folder.mkdir()
    for part in path.iterdir():
        if part.name != "saved_model.pb":
            (folder / part.name).symlink_to(part.resolve())
    whole = saved_model_pb2.SavedModel.FromString(read_plain(path / "saved_model.pb"))
    for graph in (meta.graph_def for meta in whole.meta_graphs):
        for nodes in (graph.node, *(f.node_def for f in graph.library.function)):
            _fix_lists({node.name: node for node in nodes})
    (folder / "saved_model.pb").write_bytes(whole.SerializeToString())
    return folder


def _fix_lists(nodes: dict[str, Any]) -> None:
    """Set the batch in the constant shapes of lists' elements; it comes first, and is -1 there."""
    import tensorflow as tf

    for node in list(nodes.values()):
        if node.op not in ELEMENT_SHAPE:
            continue
        constant = nodes.get(node.input[ELEMENT_SHAPE[node.op]].split(":")[0])
        if constant is None or constant.op != "Const":
            continue
        shape = tf.make_ndarray(constant.attr["value"].tensor)
        if shape.ndim == 1 and len(shape) and shape[0] == -1 and (shape[1:] >= 0).all():
            fixed = np.array([1, *shape[1:]], shape.dtype)
            constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(fixed))


def agree(path: Path, made: Path, signature: str) -> bool:
    """Whether a SavedModel's signature and the one rewritten for one image give the same scores for
    a random one. The first size that is open isn't always the batch.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    one, other = (tf.saved_model.load(str(p)).signatures[signature] for p in (path, made))
    given = {}
    for name, spec in other.structured_input_signature[1].items():
        values = rng.random([side or STEPS for side in spec.shape])
        given[name] = tf.cast(values, spec.dtype)
    off = {
        name: tf.zeros([side or 1 for side in spec.shape], tf.bool)
        for name, spec in one.structured_input_signature[1].items()
        if name not in given
    }
    try:
        expected, found = one(**given, **off), other(**given)
    except (tf.errors.OpError, ValueError):
        return False
    return all(np.allclose(expected[n], found[n], rtol=1e-4, atol=1e-5) for n in expected)
