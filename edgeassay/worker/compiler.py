"""What the compilers for accelerators have in common: they say what they make of an artifact, and
nothing is executed.
"""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .engine import Refused, TensorFacts

COMPILE_S = 100  # less than a host waits for its worker
SHOWN = 400  # characters of what it said
# In front of an error's sentence: its class, and that it is an error.
CLASS = re.compile(r"^(?:[A-Za-z_.]+(?:Error|Exception): )?(?:['\"])?(?:Error: )?")


def compiled(command: Sequence[str], folder: str) -> Tuple[int, str]:
    """Run a compiler in a folder: its exit status and what it printed; Refused where it is killed
    or doesn't end.
    """
    try:
        done = subprocess.run(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMPILE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused("the compiler didn't end within %g s" % COMPILE_S) from None
    words = done.stdout.decode("utf-8", "replace")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise Refused("the compiler was killed by %s; it said: %s" % (name, last_line(words)))
    return done.returncode, words


def last_line(words: str) -> str:
    """The last line of what a compiler printed; of an error in Python the sentence alone."""
    lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(("Warning", "Tensor '"))] or ["nothing"]
    return CLASS.sub("", said[-1], count=1).rstrip(".'\"")[:SHOWN]


def digest_of(path: str) -> str:
    """The SHA-256 of what a compiler wrote."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class CompiledEngine:
    """What a compiler said of an artifact, which can't be run here."""

    def __init__(self, facts: Dict[str, Any]) -> None:
        self.inputs: List[TensorFacts] = []
        self.outputs: List[TensorFacts] = []
        self.facts = facts

    def batched(self, count: int) -> Optional["CompiledEngine"]:
        return None

    def reset(self) -> None:
        pass

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        raise Refused("it is compiled here for an accelerator, and nothing runs it")

    def invoke(self) -> None:
        self.set_inputs([])

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        raise Refused("it is compiled here for an accelerator, and nothing runs it")
