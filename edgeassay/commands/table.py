"""Which commands there are: what `edgeassay --help` shows without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The commands by their group in `edgeassay --help`, in its order. Each says what its own help
# begins with, and `edgeassay/commands/` has a module of its name.
COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "A model": {
        "build": (
            "Build artifacts into a folder, for devices without TensorFlow (`pytest"
            " --artifacts DIR`)."
        ),
        "check-data": (
            "Read all images of a model's data, count what each split holds, and compare"
            " the splits."
        ),
        "init": (
            "Bring in a model of your own: a folder with copies of its files and a"
            " commented model.toml."
        ),
    },
    "Which variant, and where it hurts": {
        "advise": "Which variant of a network to ship on this device, and why.",
        "sensitivity": "Which layers of a network hurt, under which precision.",
        "search": (
            "Find a precision for every layer: the smallest or fastest recipe that keeps the AUC."
        ),
        "train": "Fine-tune a variant on the training split, as its `training` in model.toml says.",
        "prune": (
            "Make a variant's smaller network of the trained one, as its `pruning` in"
            " model.toml says."
        ),
        "saliency": "Whether the variants of a model look where the reference looks.",
        "select": (
            "Which width of a model runs on this device: the widest that keeps a latency budget."
        ),
    },
    "Judging and comparing builds": {
        "judge": (
            "Judge what was measured elsewhere: predictions or durations that came back as files."
        ),
        "ab": "Time two builds against each other, here and now: the merge gate.",
        "compare": (
            "Compare two builds by their saved runs: time, size, mean AUC, and the claims"
            " that held."
        ),
        "history": (
            "Show what saved runs say over time: each benchmark's median, trend and change points."
        ),
        "matrix": "Show runs side by side: model x variant x runtime x architecture.",
        "baseline": "Baselines: what later runs are compared with, promoted case by case.",
    },
    "For those who decide": {
        "gate": "Decide whether a commit may be merged, by the results of several machines.",
        "report": (
            "Show what runs found, for those who decide: a page, a comment, a card, evidence."
        ),
        "verify": (
            "Show whether an evidence bundle is what it was, whose it is, and whether it adds up."
        ),
    },
    "Devices and runtimes": {
        "doctor": (
            "Tell what this machine is, whether it can be trusted with timings, and which"
            " runtimes work."
        ),
        "selftest": "Ask the engine what it must know, and plant regressions that it must find.",
        "runtimes": (
            "List the runtimes, and try each: it makes a small built-in network ready and runs it."
        ),
        "emulators": (
            "Make and list emulated machines: QEMU, a Python and runtimes of another architecture."
        ),
        "push": "Copy to a device what its workers need there: nothing that it has already.",
        "break-even": (
            "From which size of network on a runtime is faster than another: a GPU than"
            " the CPU beside it."
        ),
        "overtake": (
            "From which variant on this CPU is faster than the whole network on an accelerator."
        ),
    },
}
