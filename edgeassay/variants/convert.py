"""The converter process: `python -m edgeassay.variants.convert JOB`.

TensorFlow lives and dies here, so that its threads and memory never stand beside a measurement.
JOB is a JSON file: {"weights": path of a .keras, "jobs": [{"module", "calibration", "output"}]}.
Every artifact finished is said on stdout by its output path.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path


def main(job_file: str) -> None:
    """Load the network once, and make every artifact that the job file asks for."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # converters print on stdout
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    import keras
    import numpy as np

    # safe_mode: a network that carries code (a Lambda layer) is refused, not run.
    network = keras.models.load_model(job["weights"], compile=False, safe_mode=True)
    for task in job["jobs"]:
        images = (
            None
            if task["calibration"] is None
            else np.load(task["calibration"], allow_pickle=False)
        )
        data = importlib.import_module(task["module"]).convert(network, images)
        Path(task["output"]).write_bytes(data)
        print(task["output"], file=replies, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
