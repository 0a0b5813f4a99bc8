"""The converter process: `python -m edgeassay.variants.convert REQUEST`.

TensorFlow lives and dies here, so that its threads and memory never stand beside a measurement.
REQUEST is a JSON file: {"weights": path of a .keras, "input_shape": what preprocessing makes,
"tasks": [{"name", "module", "calibration", "output"}]}. The name of every artifact finished is
said on stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path


def main(request_file: str) -> None:
    """Load the network once, and make every artifact that the request asks for."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # converters print on stdout
    threading.Thread(target=end_with_parent, daemon=True).start()
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    import keras
    import numpy as np

    # safe_mode: a network that carries code (a Lambda layer) is refused, not run.
    network = keras.models.load_model(request["weights"], compile=False, safe_mode=True)
    check_inputs([tuple(t.shape[1:]) for t in network.inputs], tuple(request["input_shape"]))
    for task in request["tasks"]:
        images = None
        if task["calibration"] is not None:
            images = np.load(task["calibration"], allow_pickle=False)
        data = importlib.import_module(task["module"]).convert(network, images)
        Path(task["output"]).write_bytes(data)
        print(task["name"], file=replies, flush=True)


def end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of stdin closes then."""
    while os.read(0, 1):  # unbuffered: a lock held here would abort the interpreter's end
        pass
    os._exit(1)


def check_inputs(shapes: Sequence[tuple[int | None, ...]], made: tuple[int, ...]) -> None:
    """End the process with a sentence where the network doesn't take what preprocessing makes."""
    fits = len(shapes) == 1 and len(shapes[0]) == len(made)
    if not fits or any(w not in (None, m) for w, m in zip(shapes[0], made, strict=True)):
        taken = " and ".join("x".join(str(side or "any") for side in shape) for shape in shapes)
        sys.exit(
            f"the network takes {taken}, and [preprocess] makes {'x'.join(map(str, made))};"
            " make size, color and channels agree"
        )


if __name__ == "__main__":
    main(sys.argv[1])
