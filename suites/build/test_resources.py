"""A network that keeps a variable from one inference to the next is judged as if it were new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeassay.spec import RuntimeSpec
from edgeassay.workers import Worker
from suites.meta import commands

commands.needs("tensorflow", reason="the converters need the [build] extra")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half of this image's brightness, and half of the image's before it."""
    import tensorflow as tf

    class Keeping(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.before = tf.Variable(tf.zeros([1, 1]))

        @tf.function  # type: ignore[untyped-decorator]
        def score(self, image: object) -> object:
            mean = tf.reshape(tf.reduce_mean(image), [1, 1])
            given = 0.5 * mean + 0.5 * self.before
            self.before.assign(mean)
            return given

    keeping = Keeping()
    concrete = keeping.score.get_concrete_function(tf.TensorSpec([1, 8, 8, 1], tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], keeping)
    converter.experimental_enable_resource_variables = True
    path = tmp_path_factory.mktemp("resources") / "keeping.tflite"
    path.write_bytes(converter.convert())
    return path


@pytest.mark.parametrize("engine", ["litert", "litert-compiled", "tensorflow"])
def test_a_variable_is_reset_before_each_row(artifact: Path, engine: str) -> None:
    rows = np.random.default_rng(3).uniform(size=(6, 1, 8, 8, 1)).astype(np.float32)
    with Worker(["{python}"], engine, label="keeping/fp32", timeout_s=60.0) as worker:
        loaded = worker.load(artifact, RuntimeSpec(engine=engine), "a", "keeping/fp32")
        (scores,) = worker.run(loaded, [rows], batch=4)
    assert np.allclose(scores.ravel(), 0.5 * rows.mean(axis=(1, 2, 3, 4)), atol=1e-6)
