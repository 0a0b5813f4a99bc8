"""What `edgeassay overtake` times and says; the workers here keep to a script."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.breakeven.networks import Network
from edgeassay.breakeven.overtaking import document, headline
from edgeassay.breakeven.racing import Raced, race
from edgeassay.breakeven.timing import Contestant
from edgeassay.config.shapes import default_ladder
from edgeassay.errors import Absent, ArtifactError
from edgeassay.progress import silent
from edgeassay.spec import RuntimeSpec
from edgeassay.workers import Loaded, Phases, TensorSpec

LADDER = replace(default_ladder(), processes=3, turns=1, least_rounds=2, most_rounds=2)
IMAGE = TensorSpec(name="t", shape=(1, 8, 8, 3), dtype=np.dtype("f4"), scale=0.0, zero_point=0)
SIZES = {"fp32": 100.0, "pruned-2x": 50.0, "pruned-10x": 10.0, "pruned-100x": 1.0}
NETWORKS = [Network(name=n, path=Path(n), nodes=3, mmacs=size) for n, size in SIZES.items()]


@dataclass
class Scripted:
    """A worker that takes `ms` for what it has loaded, by its path."""

    ms: dict[str, float]
    says: dict[str, Any] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()

    def load(self, path: Path, runtime: RuntimeSpec, handle: str, label: str) -> Loaded:
        if path.name in self.refuses:
            raise ArtifactError(f"{path.name} is refused")
        return Loaded(
            handle=path.name,
            label=label,
            sha256="",
            inputs=(IMAGE,),
            outputs=(),
            init_ns=1_000_000,
            facts=self.says,
        )

    def phases(self, loaded: Loaded, inputs: Any, rounds: int, warmup_rounds: int) -> Phases:
        total = np.full(rounds, self.ms[loaded.handle] * 1e6)
        parts = [(share * total).astype(np.int64) for share in (0.1, 0.2, 0.7)]
        return Phases(upload=parts[0], compute=parts[1], read_back=parts[2])

    def waiting(self) -> tuple[int, int]:
        return 1, 0


def contestant(name: str, worker: Scripted | None) -> Contestant:
    def start() -> Any:
        if worker is None:
            raise Absent("no adapter was found")
        return nullcontext(worker)

    return Contestant(id=name, runtime=RuntimeSpec(), start=cast(Any, start))


def raced(
    monkeypatch: pytest.MonkeyPatch, gpu: Scripted | None, refuses: tuple[str, ...] = ()
) -> Raced:
    monkeypatch.setattr("edgeassay.breakeven.timing.check_clock", lambda *_: None)
    cpu = contestant("cpu", Scripted(ms=SIZES, refuses=refuses))
    return race(cpu, contestant("gpu", gpu), NETWORKS, LADDER, seed=0, report=silent)


def said(made: Raced) -> str:
    return headline(made, [n for n in NETWORKS if n.name in made.cpu], "gpu", 0.95)


def test_the_first_variant_that_is_faster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    made = raced(monkeypatch, Scripted(ms={"fp32": 20.0}))
    assert said(made) == ("from pruned-10x on (10 MMACs) the CPU beats the whole network on gpu")
    assert made.whole is not None
    assert made.ratio("pruned-10x", made.whole, 0.95).value == pytest.approx(0.5)


def test_none_is_named_where_none_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    made = raced(monkeypatch, Scripted(ms={"fp32": 0.5}))
    assert said(made).startswith("no variant on the CPU is shown to beat")


@pytest.mark.parametrize(
    ("gpu", "words"),
    [
        (None, "unmeasured against an accelerator: no adapter was found"),
        (
            Scripted(ms={"fp32": 20.0}, says={"software": True, "adapter": "SwiftShader"}),
            "unmeasured against an accelerator: SwiftShader is software that stands in for one",
        ),
    ],
)
def test_without_an_accelerator_it_is_unmeasured(
    monkeypatch: pytest.MonkeyPatch, gpu: Scripted | None, words: str
) -> None:
    made = raced(monkeypatch, gpu)
    assert said(made) == words
    facts = document(made, dict.fromkeys(NETWORKS, 1), [words], 0.95)
    assert facts["verdict"] == "unmeasured"
    assert made.ratio("pruned-2x", made.cpu["fp32"], 0.95).value == pytest.approx(0.5)


def test_a_variant_that_the_cpu_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = raced(monkeypatch, Scripted(ms={"fp32": 20.0}), refuses=("pruned-10x",))
    assert made.left_out == {"pruned-10x": "pruned-10x is refused"}
    assert "from pruned-100x on" in said(made)
    with pytest.raises(ArtifactError, match="fp32 is refused"):
        raced(monkeypatch, Scripted(ms={"fp32": 20.0}), refuses=("fp32",))
