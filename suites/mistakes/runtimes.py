"""Mistakes in what `edgeassay runtimes` is told, and environments that aren't there."""

from __future__ import annotations

from suites.mistakes.breaking import DEVICE, MODEL, changed, together
from suites.mistakes.mistake import Mistake

RUNTIMES = ("edgeassay", "runtimes")
PROFILES = ("--devices-dir", "devices", "--device", "bench")

MISTAKES = (
    Mistake(
        id="runtimes-unknown",
        command=(*RUNTIMES, "tflite-runtim"),
        code=2,
        what="unknown runtime",
        where="ID tflite-runtim",
        remedy="did you mean 'tflite-runtime'? (known: edgetpu,",
    ),
    Mistake(
        id="runtimes-json-folder",
        command=(*RUNTIMES, *PROFILES, "--json", "place"),
        code=2,
        what="place can't be written: Is a directory",
        where="place",
        remedy="choose another place",
    ),
    Mistake(
        id="runtimes-without-a-worker",
        command=(*RUNTIMES, *PROFILES, "tflite-runtime"),
        code=4,
        what="bench.toml declares no worker for 'tflite-runtime'",
        where="devices/bench.toml",
        remedy="add it to devices/bench.toml",
    ),
    Mistake(
        id="runtimes-command-missing",
        broken=changed(DEVICE, '["{python}"]', '["/nowhere/python3"]'),
        command=(*RUNTIMES, *PROFILES, "litert"),
        code=1,
        what="/nowhere/python3: No such file or directory",
        where="devices/bench.toml:workers.litert",
        remedy="install /nowhere/python3",
    ),
    Mistake(
        id="environment-that-nobody-installs",
        broken=together(
            changed(DEVICE, "[workers]", '[workers]\n"litert-0.9" = ["{environment}"]'),
            changed(MODEL, "litert = {}", 'litert = { environment = "litert-0.9" }'),
        ),
        command=("pytest", "--require-measured", "suites/artifact", "-k", "loads"),
        code=1,
        what="the environment 'litert-0.9' is none that edgeassay installs",
        where="'litert-0.9'",
        remedy="give the command of its Python under [workers]",
        said=99,
        verdict="unmeasured",
    ),
)
