"""Where generated networks are made and run: one maker, and one worker a kind of kernels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from suites.properties.graph import Graph, read_graph
from suites.properties.making import WAYS, Made, Maker
from suites.properties.networks import Network
from suites.properties.running import Kernels, Run, Runner


@dataclass(kw_only=True)
class Bench:
    """Makes networks and runs them; each network has a folder of its own."""

    maker: Maker
    runner: Runner
    folder: Path
    count: int = field(default=0)

    def make(self, network: Network, ways: Sequence[str] = WAYS) -> Made:
        """A network's artifacts."""
        self.count += 1
        return self.maker.make(network, self.folder / str(self.count), ways)

    def run(self, made: Made, way: str, network: Network, kernels: Kernels = "xnnpack") -> Run:
        """An artifact, on the network's own images."""
        return self.runner.run(made.path(way), network.images(), kernels)

    def graph(self, made: Made, way: str) -> Graph:
        """What stands in an artifact."""
        return read_graph(made.path(way).read_bytes())


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    """A bench that ends its processes."""
    with Maker(folder / "maker.log") as maker, Runner() as runner:
        yield Bench(maker=maker, runner=runner, folder=folder)
