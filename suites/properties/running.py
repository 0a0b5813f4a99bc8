"""Generated networks in the engine's own worker: every tensor, and the outputs as they ship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from edgeassay.measure.quantization import quantize
from edgeassay.spec import RuntimeSpec
from edgeassay.workers import Worker
from suites.properties.graph import Array, Graph, expose, graph_of, packed, read_model

Kernels: TypeAlias = Literal["xnnpack", "builtin", "reference"]
KERNELS: Final[tuple[Kernels, ...]] = ("xnnpack", "builtin", "reference")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a runtime made of an artifact: its outputs as they came, and what each tensor held.

    `held` has the numbers that integers stand for, by tensor, rows first; the input's too.
    """

    graph: Graph
    raw: npt.NDArray[Any]
    held: dict[int, Array]


class Runner:
    """One worker a kind of kernels, started when it is first needed."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}

    def run(self, path: Path, images: npt.NDArray[np.float32], kernels: Kernels = "xnnpack") -> Run:
        """Run images of shape (rows, *input shape) through an artifact, and once more through the
        same artifact with all its tensors as outputs.
        """
        model = read_model(path.read_bytes())
        graph = graph_of(model)
        expose(model, graph)
        whole = path.with_suffix(".exposed.tflite")
        whole.write_bytes(packed(model))
        taken, (raw, *_) = self.outputs(path, images, kernels)
        _, everything = self.outputs(whole, images, kernels)
        (entry,) = graph.inputs
        held = {entry: graph.tensors[entry].real(taken)}
        for index, values in zip(graph.computed, everything, strict=True):
            rows = values.reshape(len(images), *graph.tensors[index].shape[1:])
            held[index] = graph.tensors[index].real(rows)
        return Run(graph=graph, raw=raw[:, 0], held=held)

    def outputs(
        self, path: Path, images: npt.NDArray[np.float32], kernels: Kernels
    ) -> tuple[npt.NDArray[Any], Sequence[npt.NDArray[Any]]]:
        """What an artifact takes for the images, and its outputs, of shape (rows, 1, ...).

        ArtifactError where the runtime refuses it.
        """
        if kernels not in self._workers:
            self._workers[kernels] = Worker(
                ["{python}"], "litert", label="generated networks", timeout_s=60.0
            )
        worker = self._workers[kernels]
        runtime = RuntimeSpec(engine="litert", threads=1, kernels=kernels)
        try:
            loaded = worker.load(path, runtime, "network", path.name)
            taken = quantize(images, loaded.inputs[0])
            return taken, worker.run(loaded, [taken[:, np.newaxis]])
        except Exception:
            self._workers.pop(kernels).close()  # a dead worker serves nobody
            raise

    def close(self) -> None:
        """End the workers."""
        while self._workers:
            self._workers.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
