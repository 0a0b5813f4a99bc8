"""What `edgeassay break-even` times, finds, says and draws; the workers here keep to a script."""

from __future__ import annotations

import json
import math
import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from xml.dom import minidom

import numpy as np
import pytest

from edgeassay.breakeven.chart import draw
from edgeassay.breakeven.command import make_ladder
from edgeassay.breakeven.finding import Found, doubts, find, headline
from edgeassay.breakeven.networks import Network, write_convolutions
from edgeassay.breakeven.showing import document, markdown, sentences
from edgeassay.breakeven.timing import Contestant, Timed, time_ladder
from edgeassay.config.shapes import default_ladder, default_statistics
from edgeassay.errors import MeasurementError
from edgeassay.privacy import Redactor
from edgeassay.progress import silent
from edgeassay.spec import Kind, RuntimeSpec
from edgeassay.stats.launch import Line
from edgeassay.workers import Loaded, Phases, TensorSpec
from suites.meta.test_matrix import MACHINE

LADDER = replace(default_ladder(), processes=3, turns=1, least_rounds=2, most_rounds=2)
STATISTICS = replace(default_statistics(), resamples=50)
IMAGE = TensorSpec(name="t", shape=(1, 8, 8, 3), dtype=np.dtype("f4"), scale=0.0, zero_point=0)
NETWORKS = [
    Network(name=f"n{size:g}", path=Path(f"n{size:g}"), nodes=10, mmacs=size)
    for size in (0.01, 1.0, 10.0, 100.0, 1000.0)
]
GPU, CPU = Line(fixed_ms=2.0, ms_per_mmac=0.01), Line(fixed_ms=0.1, ms_per_mmac=0.05)
SWIFTSHADER = {"adapter": "SwiftShader Device", "software": True}


@dataclass
class Scripted:
    """A worker that takes as long as a line says."""

    line: Line
    facts: dict[str, Any]
    says: dict[str, Any]
    mmacs: float = 0.0
    shape: tuple[int, ...] = IMAGE.shape

    def load(self, path: Path, runtime: RuntimeSpec, handle: str, label: str) -> Loaded:
        self.mmacs = next(n.mmacs for n in NETWORKS if n.path == path)
        inputs = (replace(IMAGE, shape=self.shape),)
        return Loaded(
            handle=handle,
            label=label,
            sha256="",
            inputs=inputs,
            outputs=(),
            init_ns=7_000_000,
            facts=self.says,
        )

    def phases(self, loaded: Loaded, inputs: Any, rounds: int, warmup_rounds: int) -> Phases:
        total = np.full(rounds, float(self.line.at(self.mmacs)) * 1e6)
        parts = [(share * total).astype(np.int64) for share in (0.1, 0.2, 0.7)]
        return Phases(upload=parts[0], compute=parts[1], read_back=parts[2])

    def waiting(self) -> tuple[int, int]:
        return 1, 0


def contestant(name: str, line: Line, says: dict[str, Any], **changes: Any) -> Contestant:
    worker = Scripted(line=line, facts={"runtime": name}, says=says, **changes)
    start = cast(Any, lambda: nullcontext(worker))
    return Contestant(id=name, runtime=RuntimeSpec(), start=start)


def timed(
    monkeypatch: pytest.MonkeyPatch, gpu: Line = GPU, says: dict[str, Any] | None = None
) -> tuple[list[Contestant], Timed]:
    monkeypatch.setattr("edgeassay.breakeven.timing.check_clock", lambda *_: None)
    pair = [contestant("gpu", gpu, says or {"adapter": "A Real One"}), contestant("cpu", CPU, {})]
    return pair, time_ladder(pair, NETWORKS, LADDER, seed=0, report=silent)


def found(
    monkeypatch: pytest.MonkeyPatch, gpu: Line = GPU, says: dict[str, Any] | None = None
) -> tuple[Found, Timed]:
    pair, times = timed(monkeypatch, gpu, says)
    floor, *rungs = NETWORKS
    made = find(pair, floor, rungs, times, ladder=LADDER, statistics=STATISTICS, seed=0)
    return made, times


def test_a_break_even_is_found_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    made, times = found(monkeypatch)
    assert made.mmacs.value == pytest.approx(1.9 / 0.04, rel=1e-3)
    assert made.candidate.fixed_ms.value == pytest.approx(2.0, rel=1e-3)
    assert made.candidate.gmacs == pytest.approx(100.0, rel=1e-3)
    assert headline(made).startswith("break-even at 47.5 MMACs")
    assert made.kind is Kind.MEASURED
    assert doubts(made, times, LADDER) == []


def test_what_is_never_faster_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    never, _ = found(monkeypatch, Line(fixed_ms=2.0, ms_per_mmac=0.06))
    assert headline(never) == ("gpu is never faster than cpu within the ladder (up to 1,000 MMACs)")
    late, _ = found(monkeypatch, Line(fixed_ms=90.0, ms_per_mmac=0.01))
    assert "the line would get there at 2,2" in headline(late)
    assert not late.is_within


def test_what_is_always_faster_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    always, _ = found(monkeypatch, Line(fixed_ms=0.05, ms_per_mmac=0.01))
    assert headline(always) == "gpu is faster than cpu from the smallest network on"


def test_every_form_of_a_software_adapters_times_says_software(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real: dict[str, Any] = {"adapter": "A Real One"}
    both: list[tuple[dict[str, Any], bool]] = [(SWIFTSHADER, True), (real, False)]
    for says, labelled in both:
        made, times = found(monkeypatch, says=says)
        forms = [
            headline(made),
            markdown(made, [], MACHINE, Redactor(key=b"k", root=Path("/srv"))),
            draw(made),
            " ".join(sentences(made, [])),
            json.dumps(document(made, [], times, machine=MACHINE, device="host", seed=0)),
        ]
        assert [bool(re.search("software", form, re.IGNORECASE)) for form in forms] == [
            labelled
        ] * len(forms)
        assert all(says["adapter"] in form for form in forms[1:])


def test_the_document_has_every_process_and_no_infinity(monkeypatch: pytest.MonkeyPatch) -> None:
    made, times = found(monkeypatch, Line(fixed_ms=2.0, ms_per_mmac=0.06))
    made_json = document(made, [], times, machine=MACHINE, device="host", seed=0)
    text = json.dumps(made_json, allow_nan=False)
    read = json.loads(text)
    assert read["break_even"]["mmacs"] == {"value": None, "low": None, "high": None}
    networks = read["runtimes"]["gpu"]["networks"]
    assert [len(n["ms"]["total"]) for n in networks] == [LADDER.processes] * 4
    assert networks[0]["ms"]["init"] == [7.0] * 3
    parts = [networks[1]["ms"][p][0] for p in ("upload", "compute", "read_back")]
    assert sum(parts) == pytest.approx(networks[1]["ms"]["total"][0])


def test_the_picture_is_xml_and_marks_the_break_even_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_one, _ = found(monkeypatch)
    without, _ = found(monkeypatch, Line(fixed_ms=2.0, ms_per_mmac=0.06))
    bands = [draw(made).count("fill-opacity") for made in (with_one, without)]
    assert minidom.parseString(draw(with_one)).getElementsByTagName("polyline")  # noqa: S318
    assert bands == [1, 0]


def test_networks_beyond_a_slow_one_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Line(fixed_ms=2.0, ms_per_mmac=30.0)  # 3 s at 100 MMACs
    made, times = found(monkeypatch, slow)
    assert [n.mmacs for n in made.networks] == [1.0, 10.0, 100.0]
    assert "n1000: too slow to be timed here" in doubts(made, times, LADDER)
    slower = Line(fixed_ms=2.0, ms_per_mmac=300.0)
    with pytest.raises(MeasurementError, match="too slow here"):
        found(monkeypatch, slower)


def test_a_line_that_misses_and_nodes_that_were_left_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, times = found(monkeypatch, says={"nodes": 10, "delegated": 4})
    assert any("didn't take all nodes of n1, n10" in line for line in doubts(made, times, LADDER))
    bent = replace(made, candidate=replace(made.candidate, misfit=0.5))
    assert any("misses a measured time by 50%" in line for line in doubts(bent, times, LADDER))
    elsewhere = replace(made, mmacs=replace(made.mmacs, value=500.0))
    assert any("other side of the break-even" in line for line in doubts(elsewhere, times, LADDER))


def test_runtimes_that_take_different_inputs_are_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeassay.breakeven.timing.check_clock", lambda *_: None)
    pair = [contestant("gpu", GPU, {}), contestant("cpu", CPU, {}, shape=(1, 4, 4, 3))]
    with pytest.raises(MeasurementError, match="disagree"):
        time_ladder(pair, NETWORKS, LADDER, seed=0, report=silent)


def test_a_clock_that_can_not_be_right_stops_it() -> None:
    pair = [contestant("gpu", GPU, {}), contestant("cpu", CPU, {})]
    with pytest.raises(MeasurementError, match="its clock can't be trusted"):
        time_ladder(pair, NETWORKS, LADDER, seed=0, report=silent)


def test_a_ladder_grows_and_counts_what_it_computes(tmp_path: Path) -> None:
    """Multiply-accumulates are counted again from the tensors of the file."""
    from ai_edge_litert.interpreter import Interpreter

    made = make_ladder(tmp_path, replace(default_ladder(), side=16, layers=2, widths=(2, 4)))
    assert [n.mmacs for n in made] == sorted(n.mmacs for n in made)
    for network in made[1:]:
        reader = Interpreter(str(network.path))
        shapes = {d["index"]: d["shape"] for d in reader.get_tensor_details()}
        nodes = [n for n in reader._get_ops_details() if n["op_name"] != "DELEGATE"]
        assert len(nodes) == network.nodes
        macs = sum(
            math.prod(shapes[n["outputs"][0]]) * math.prod(shapes[n["inputs"][1]][1:])
            for n in nodes
            if n["op_name"] == "CONV_2D"
        )
        assert macs == network.mmacs * 1e6
        reader.allocate_tensors()
        given = reader.get_input_details()[0]
        reader.set_tensor(given["index"], np.ones(given["shape"], np.float32))
        reader.invoke()
        (result,) = reader.get_output_details()
        assert np.isfinite(reader.get_tensor(result["index"])).all()
        assert np.ptp(reader.get_tensor(result["index"])) > 0.0


def test_a_network_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        write_convolutions(file, side=8, width=2, layers=1, seed=3)
    assert files[0].read_bytes() == files[1].read_bytes()
