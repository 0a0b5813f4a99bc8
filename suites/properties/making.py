"""The host's side of the process that makes networks: it survives whatever a converter does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import numpy as np
import numpy.typing as npt

from suites.meta import commands
from suites.properties.networks import Network

# Those that the laws have bounds for: from Keras, and but for its own copy from the float .tflite.
FROM_KERAS: Final = ("fp32", "drq", "fp16", "int8")
FROM_TFLITE: Final = tuple(f"tflite-{name}" for name in FROM_KERAS if name != "fp32")
MAKE: Final = "suites.properties.make"
WAYS: Final = FROM_KERAS + FROM_TFLITE


@dataclass(frozen=True, kw_only=True)
class Made:
    """A folder with a network's artifacts, `<way>.tflite`, and why others are missing."""

    folder: Path
    failures: Mapping[str, str]

    def path(self, way: str) -> Path:
        return self.folder / f"{way}.tflite"

    @property
    def refused(self) -> bool:
        """Whether the converter can't express the network in built-in operators, for a reason that
        is known by name: see test_found.py.
        """
        return any("'tf.Erfc' op is neither" in words for words in self.failures.values())

    @property
    def keras_outputs(self) -> npt.NDArray[np.float32]:
        """What Keras itself makes of the network's images."""
        made: npt.NDArray[np.float32] = np.load(self.folder / "keras.npy", allow_pickle=False)
        return made


class Maker:
    """A running `suites.properties.make`, started again when a converter takes it down."""

    def __init__(self, log: Path, *, afresh: bool = False) -> None:
        self._log = log
        self._afresh = afresh or commands.needs_fresh(os.environ)
        self._process: commands.Piped | subprocess.Popen[str] | None = None

    def make(self, network: Network, folder: Path, ways: Sequence[str] = WAYS) -> Made:
        """Make a network's artifacts in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        failures = self._ask(network, folder, ways)
        if failures is None:  # it died: once more, one by one, to know by what
            failures = {}
            for way in ways:
                alone = self._ask(network, folder, [way])
                failures |= {way: "the process died"} if alone is None else alone
        return Made(folder=folder, failures=failures)

    def _ask(self, network: Network, folder: Path, ways: Sequence[str]) -> dict[str, str] | None:
        requests, replies = self._pipes()
        request = {"network": network.as_json(), "ways": list(ways), "folder": str(folder)}
        try:
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            reply = replies.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            self.close()
            return None
        answer: dict[str, Any] = json.loads(reply)
        failures: dict[str, str] = answer["failures"]
        return failures

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process is None:
            with self._log.open("ab") as log:
                self._process = self._started(log)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _started(self, log: IO[bytes]) -> commands.Piped | subprocess.Popen[str]:
        if not self._afresh:
            return commands.Piped([MAKE], log)
        return subprocess.Popen(
            [sys.executable, "-m", MAKE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            with self._process:
                self._process.kill()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
