"""A network kept in 16 bits computes in 32 when it is loaded, and what doesn't fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

from suites.meta import commands

commands.needs("tensorflow", reason="the networks need the [build] extra")

SCRIPT = """
import json, sys
from pathlib import Path
import keras, numpy as np
from keras import layers
from edgeassay.networks import load_network, save_half
keras.utils.set_random_seed(1)
image = keras.Input((16, 16, 1))
x = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(image))
x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
net = keras.Model(image, layers.Dense(2, activation="sigmoid")(x))
path, whole = Path(sys.argv[1], "half.keras"), Path(sys.argv[1], "whole.keras")
save_half(net, path)
net.save(whole)
restored = load_network(path)
given = np.random.default_rng(0).random((4, 16, 16, 1), np.float32)
found = {
    "kept": sorted({str(w.dtype) for w in keras.models.load_model(path, compile=False).weights}),
    "restored": sorted({str(w.dtype) for w in restored.weights}),
    "computes": sorted({layer.compute_dtype for layer in restored.layers}),
    "error": float(np.abs(restored.predict(given) - net.predict(given)).max()),
}
net.set_weights([w * 0 + 1e6 for w in net.get_weights()])
try:
    save_half(net, path)
    found["refused"] = ""
except ValueError as error:
    found["refused"] = str(error)
print(json.dumps(found))
"""


def test_half_precision_is_restored_and_never_overflows(tmp_path: Path) -> None:
    found = json.loads(commands.python(SCRIPT, str(tmp_path)).splitlines()[-1])
    assert found["kept"] == ["float16"]
    assert found["restored"] == found["computes"] == ["float32"]
    assert 0.0 < found["error"] < 1e-3
    assert "no finite number in 16 bits" in found["refused"]
