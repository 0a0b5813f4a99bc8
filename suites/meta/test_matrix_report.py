"""Runs side by side: what is merged, what is marked, and what is never mixed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edgeassay.errors import ConfigError, DataError
from edgeassay.matrix_report.chart import Scale, charts, scale_of
from edgeassay.matrix_report.command import WIDTH
from edgeassay.matrix_report.markdown import markdown
from edgeassay.matrix_report.numbers import number
from edgeassay.matrix_report.overview import Line, Overview, overview
from edgeassay.matrix_report.rows import Run
from edgeassay.matrix_report.shown import show
from edgeassay.report.reading import read_results
from edgeassay.report.table import closing_table, remarks
from fixtures.reporting import TABLE_WIDTH
from suites.meta.matrix_files import (
    CaseFile,
    old,
    others,
    ratio_case,
    results,
    write,
    x86_run,
)


def runs_of(folder: Path, *documents: dict[str, Any]) -> list[Run]:
    paths = [write(folder / f"run-{k}.json", document) for k, document in enumerate(documents)]
    return [Run(where=path.name, results=read_results(path)) for path in paths]


def made_of(folder: Path, *documents: dict[str, Any]) -> Overview:
    return overview(runs_of(folder, *documents), "Runs")


def line_of(found: Overview, variant: str, runtime: str, device: str = "host") -> Line:
    lines = [line for lines in found.models.values() for line in lines]
    wanted = (variant, runtime, device)
    (line,) = (
        x for x in lines if (x.row.case.variant, x.row.case.runtime, x.row.case.device) == wanted
    )
    return line


def texts(line: Line) -> dict[str, str]:
    return {name: cell.text for name, cell in line.cells.items()}


def test_every_case_of_every_run_is_a_row_and_the_reference_comes_first(tmp_path: Path) -> None:
    found = made_of(tmp_path, others(), x86_run())
    rows = [line.row.case for line in found.models["chest"]]
    assert len(rows) == len(set(rows)) == 12
    assert [case.variant for case in rows] == ["fp32"] * 4 + ["drq"] * 2 + ["int8"] * 6
    assert [where for where, _ in found.runs] == ["run-0.json", "run-1.json"]
    assert texts(line_of(found, "int8", "litert")) == {
        "size": "2,667 kB",
        "AUC": "0.9913",
        "AUC drop": "+0.0004",
        "p50 / p95 ms": "1.60 / 1.92",
        "time ratio": "0.457",
        "delegated": "65 of 65",
        "memory": "31.5 MB",
        "parity": "-",
    }
    assert line_of(found, "int8", "litert").cells["time ratio"].bounds == "[0.434, 0.480]"
    assert texts(line_of(found, "int8", "tflite-runtime"))["delegated"] == "none of 65"


def test_opposite_verdicts_on_the_same_file_stand_side_by_side(tmp_path: Path) -> None:
    loads, faster = made_of(tmp_path, x86_run()).opposites
    assert (loads.claim, loads.variant, loads.same_file) == ("loads", "drq", True)
    assert (faster.claim, faster.variant, faster.same_file) == ("latency_ratio ≤ 1", "int8", True)
    assert [(s.runtime, s.words) for s in faster.holding] == [("litert", "0.4571")]
    assert [(s.runtime, s.words) for s in faster.failing] == [
        ("tflite-runtime", "8.114, declared until 2027-12-31")
    ]


def test_verdicts_that_agree_are_no_opposites(tmp_path: Path) -> None:
    both = [ratio_case("int8", runtime, 2.0, 4.0) for runtime in ("litert", "tflite-runtime")]
    assert made_of(tmp_path, results(both)).opposites == ()


@pytest.mark.parametrize(("digest", "same"), [("d" * 64, False), (None, None)])
def test_other_bytes_are_never_called_the_same_file(
    tmp_path: Path, digest: str | None, same: bool | None
) -> None:
    document = x86_run()
    document["cases"][-1]["artifact_sha256"] = digest
    found = made_of(tmp_path, document)
    assert found.opposites[-1].same_file is same
    told = [line for line in found.remarks if "isn't the same file everywhere" in line]
    assert len(told) == (same is False)


def test_marks_say_how_each_number_came_to_be(tmp_path: Path) -> None:
    found = made_of(tmp_path, x86_run(), others())
    arm = texts(line_of(found, "int8", "litert", "arm64"))
    assert (arm["AUC"], arm["delegated"], arm["parity"]) == (
        "0.9913 (e)",
        "65 of 65 (e)",
        "1 LSB (e)",
    )
    gpu = texts(line_of(found, "int8", "litert-compiled-gpu"))
    assert (gpu["p50 / p95 ms"], gpu["time ratio"]) == ("210 / 252 (s)", "0.894 (s)")
    npu = texts(line_of(found, "int8", "ethos-u"))
    assert (npu["delegated"], npu["memory"]) == ("65 of 65 (est)", "385 kB (est)")
    assert npu["p50 / p95 ms"] == "1,234,567 cycles (est)"
    assert line_of(found, "int8", "ethos-u").row.place == "host, ethos-u65-512"
    assert "(" not in "".join(texts(line_of(found, "int8", "litert")).values())
    legend = "\n".join(found.legend)
    assert all(f"\n{mark} " in legend for mark in ("(e)", "(s)", "(est)"))


def test_the_legend_explains_no_mark_that_isnt_there(tmp_path: Path) -> None:
    legend = "\n".join(made_of(tmp_path, x86_run()).legend)
    assert not any(mark in legend for mark in ("(e)", "(s)", "(est)", "(d)", "parity:"))


def test_what_is_unmeasured_stays_a_row_with_its_reason(tmp_path: Path) -> None:
    found = made_of(tmp_path, others())
    line = line_of(found, "int8", "tensorflow")
    assert (line.worst, line.verdict) == ("undecided", "undecided: 2 unmeasured")
    (size, _), *rest = [(name, cell.text) for name, cell, _ in line.merged]
    assert size == "size"
    assert rest == [("AUC", "unmeasured")]  # once, for all columns
    note = line.cells["AUC"].note
    assert note is not None
    assert "runtimes --install tensorflow" in found.notes[note - 1]


def test_emulated_times_are_unmeasured_and_no_number(tmp_path: Path) -> None:
    found = made_of(tmp_path, others())
    cell = line_of(found, "int8", "litert", "arm64").cells["p50 / p95 ms"]
    assert (cell.text, cell.absent) == ("unmeasured", True)
    assert cell.note is not None
    assert "emulated" in found.notes[cell.note - 1]


def test_a_file_that_doesnt_load_says_so_instead_of_numbers(tmp_path: Path) -> None:
    found = made_of(tmp_path, x86_run())
    line = line_of(found, "drq", "tflite-runtime")
    assert [cell.text for _, cell, _ in line.merged] == ["2,461 kB", "doesn't load"]
    failed = [sentence for sentence in found.failed if "tflite-runtime" in sentence]
    assert len(failed) == 1  # three claims, one reason
    assert "loads and runs once (and 2 further claims, for the same reason)" in failed[0]


def test_declared_failures_stand_apart_with_their_reason(tmp_path: Path) -> None:
    found = made_of(tmp_path, x86_run())
    (declared,) = found.declared
    assert "declared until 2027-12-31: its x86 wheel has no int8 kernels" in declared
    assert not any("int8" in sentence for sentence in found.failed)
    assert line_of(found, "int8", "tflite-runtime").verdict == (
        "declared until 2027-12-31: 1 declared, 1 pass"
    )


def test_disturbed_times_are_marked_and_counted(tmp_path: Path) -> None:
    cases = [
        CaseFile("fp32", "litert", p50_ms=3.0).claimed("loads"),
        CaseFile("int8", "litert", p50_ms=2.0, disturbed="others used 2 CPUs").claimed("loads"),
    ]
    found = made_of(tmp_path, results(cases))
    assert texts(line_of(found, "int8", "litert"))["p50 / p95 ms"] == "2.00 / 2.40 (d)"
    assert texts(line_of(found, "fp32", "litert"))["p50 / p95 ms"] == "3.00 / 3.60"
    assert any(line.startswith("(d) disturbed") for line in found.legend)
    told = found.runs[0][1]["timings"]
    assert told == "1 of 2 timings were disturbed: int8 on litert (latency); others used 2 CPUs"


def test_a_run_says_where_its_numbers_came_from(tmp_path: Path) -> None:
    (_, told), (_, second) = made_of(tmp_path, x86_run(), others()).runs
    assert told["machine"] == "Slow 1, x86_64, 2 CPUs, fingerprint 0123456789ab"
    assert told["run"].endswith("commit c0ffee000000")
    assert told["command"] == "pytest --benchmark --model chest"
    assert told["images"] == "chest: 1,146 evaluation images"
    assert "tflite-runtime: tflite-runtime-package 2.3.0" in told["runtimes"]
    assert "incomplete" not in told
    assert second["run"].endswith(", with uncommitted changes")
    assert second["devices"] == "arm64 (aarch64); host (x86_64)"
    assert "target ethos-u65-512" in second["runtimes"]
    assert "incomplete" in second


def test_a_sample_is_called_one(tmp_path: Path) -> None:
    document = others()
    for case in document["cases"]:
        case["split_images"] = case["evaluated_images"] and 5_000
    told = made_of(tmp_path, document).runs[0][1]["images"]
    assert told == "chest: a sample of 1,146 of 5,000 evaluation images"


def test_files_of_earlier_versions_are_read(tmp_path: Path) -> None:
    new, earlier = made_of(tmp_path, x86_run()), made_of(tmp_path, old(x86_run()))
    assert [o.claim for o in earlier.opposites] == [o.claim for o in new.opposites]
    line = line_of(earlier, "int8", "litert")
    assert texts(line)["p50 / p95 ms"] == "1.60 / 1.92"
    assert (texts(line)["delegated"], texts(line)["memory"]) == ("-", "-")
    assert "command" not in earlier.runs[0][1]
    emulated = made_of(tmp_path, old(others()))
    assert texts(line_of(emulated, "int8", "litert", "arm64"))["AUC"] == "0.9913 (e)"


def test_two_runs_that_judge_the_same_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"run-0.json and run-1.json both judge chest fp32"):
        made_of(tmp_path, x86_run(), x86_run(started="2026-11-22T12:00:00Z"))
    (run,) = runs_of(tmp_path, x86_run())
    with pytest.raises(ConfigError, match=r"run-0.json is given twice; give it once"):
        overview([run, run], "Runs")


def test_the_same_case_on_another_machine_is_another_row(tmp_path: Path) -> None:
    other = x86_run()
    other["machine"]["fingerprint"] = "ba9876543210"
    found = made_of(tmp_path, x86_run(), other)
    assert len(found.models["chest"]) == 12
    assert len(charts(found.models["chest"])) == 2  # times of two machines share no scale


def test_what_a_run_knows_in_passing_gives_way_to_what_another_judged(tmp_path: Path) -> None:
    judged = results([CaseFile("fp32", "litert", p50_ms=3.0).claimed("loads")])
    passing = CaseFile("fp32", "litert", p50_ms=9.0)
    variants = (ratio_case("int8", "litert", 2.0, 9.0), ratio_case("drq", "litert", 4.0, 9.0))
    later = [
        results([case], known=[passing], started=f"2026-11-22T1{k}:00:00Z")
        for k, case in enumerate(variants)
    ]
    for documents in ((judged, *later), (*later, judged)):
        line = line_of(made_of(tmp_path, *documents), "fp32", "litert")
        assert texts(line)["p50 / p95 ms"] == "3.00 / 3.60"
        assert line.verdict == "1 pass"
    unclaimed = line_of(made_of(tmp_path, *later), "fp32", "litert")
    assert unclaimed.verdict == "no claim"


def test_kinds_and_devices_never_share_a_figure(tmp_path: Path) -> None:
    measured, software = charts(made_of(tmp_path, x86_run(), others()).models["chest"])
    assert "litert-compiled-gpu" not in measured
    assert "tflite-runtime" in measured
    assert "software" in software
    assert software.count('class="panel"') == 1


def test_a_chart_shows_faster_and_slower_by_shape_too(tmp_path: Path) -> None:
    (figure,) = charts(made_of(tmp_path, x86_run()).models["chest"])
    panels = figure.split("<svg")[1:]
    counted = [
        {
            shape: panel.count(f'class="{shape}"')
            for shape in ("reference", "faster", "slower", "bar")
        }
        for panel in panels
    ]
    assert counted == [
        {"reference": 1, "faster": 1, "slower": 1, "bar": 3},
        {"reference": 1, "faster": 0, "slower": 1, "bar": 2},
    ]
    assert "doesn&#x27;t load" in panels[1]


@pytest.mark.parametrize(
    ("low", "high", "style"),
    [(0.7, 0.9, "faster"), (1.1, 1.3, "slower"), (0.9, 1.1, "alike"), (None, None, "faster")],
)
def test_faster_is_what_bounds_show(
    tmp_path: Path, low: float | None, high: float | None, style: str
) -> None:
    cases = [CaseFile("fp32", "litert", p50_ms=4.0), ratio_case("int8", "litert", 3.9, 4.0)]
    document = results(cases)
    document["cases"][1]["intervals"]["latency_ratio"] |= {"low": low, "high": high}
    (figure,) = charts(made_of(tmp_path, document).models["chest"])
    assert f'class="{style}"' in figure
    assert figure.count('class="reference"') == 1


@pytest.mark.parametrize("high", [1.8, 3.0, 90.0, 1e3, 1e7])
def test_an_axis_has_few_round_ticks(high: float) -> None:
    ticks = Scale(low=0.9, high=high).ticks
    assert 2 <= len(ticks) <= 6
    assert all(0.9 <= tick <= high for tick in ticks)


def test_nothing_timed_gives_no_chart(tmp_path: Path) -> None:
    lines = made_of(tmp_path, results([CaseFile("fp32", "litert").claimed("loads")])).models[
        "chest"
    ]
    assert scale_of(lines) is None
    assert charts(lines) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.04567, "0.0457"), (1.6, "1.60"), (132.4, "132"), (12_345.6, "12,346")],
)
def test_numbers_have_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert number(value) == text


def test_the_terminal_says_it_too(tmp_path: Path) -> None:
    console = Console(width=WIDTH)
    with console.capture() as captured:
        show(made_of(tmp_path, x86_run(), others()), console)
    told = captured.get()
    assert re.search(r"✗ tflite-runtime \(host, x86_64\): 8\.114, declared until 2027-12-31", told)
    assert re.search(r"int8 +litert +arm64, aarch64 .* 0\.9913 \(e\)", told)
    assert "note 1: " in told


def test_the_closing_table_of_a_run_has_marks_and_delegation_too(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, others())
    console = Console(width=TABLE_WIDTH)
    with console.capture() as captured:
        console.print(closing_table(run.results))
    told = captured.get()
    assert re.search(r"int8 +litert +2,667 kB .* 0\.9913 \(e\) .* 65 of 65 \(e\) ", told)
    assert re.search(r"litert-compiled-gpu .* 210\.00 / 252\.00 \(s\) +1\.12x \(s\) ", told)
    lines = remarks(run.results)
    assert [line for line in lines if line.startswith(("(e) emulated", "(s) software"))]
    assert not [line for line in lines if line.startswith("(d)")]


def test_markdown_has_a_row_for_each_case_and_as_many_cells(tmp_path: Path) -> None:
    text = markdown(made_of(tmp_path, x86_run(), others()))
    table = [line for line in text.partition("## chest")[2].splitlines() if line.startswith("|")]
    assert len(table) == 2 + 12
    assert {line.replace("\\|", "").count("|") for line in table} == {13}
    assert "| **litert** (host, x86\\_64): 0.4571 | **tflite-runtime** (host" in text
    assert text == markdown(made_of(tmp_path, x86_run(), others()))


BAD: Sequence[tuple[bytes | None, str]] = (
    (None, r"run\.json doesn't exist; give a results\.json that"),
    (b"", r"run\.json is empty"),
    (b'{"schema": 1, "cl', r"run\.json is no whole JSON"),
    (b"[" * 100_000, r"run\.json is no whole JSON"),
    (b"\xff\xfe", r"run\.json is no whole JSON"),
    (b"[]", r"run\.json is no edgeassay results file"),
    (b'{"results": []}', r"run\.json has no claims and is no edgeassay results file"),
    (b'{"benchmarks": [], "version": "5.1"}', r"run\.json is a file of pytest-benchmark"),
    (
        b'{"schema": 2, "claims": []}',
        r"run\.json has schema 2, and this version of edgeassay reads 1",
    ),
    (b'{"schema": 1, "claims": [1]}', r"run\.json isn't as edgeassay writes it \(edgeassay: "),
)


@pytest.mark.parametrize(("content", "words"), BAD)
def test_what_is_no_results_file_is_explained(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_results(tmp_path / "run.json")


def test_a_folder_is_no_results_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Is a directory; give a results\.json"):
        read_results(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p50_ms", 0.0),
        ("latency_ratio", -1.0),
        ("size_bytes", 0),
        ("mean_auc", 1.5),
        ("delegated_share", 1e9),
    ],
)
def test_numbers_that_no_run_finds_are_refused(tmp_path: Path, name: str, value: float) -> None:
    document = x86_run()
    document["cases"][2][name] = value
    with pytest.raises(DataError, match=rf"cases\.2\.{name} = .*: it was changed by hand"):
        read_results(write(tmp_path / "run.json", document))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300])
def test_no_number_that_is_not_finite_or_beyond_all_is_read(tmp_path: Path, value: float) -> None:
    """Wherever it stands: a chart of it would need an axis without an end."""
    for place in ("p95_ms", "anything"):
        document = x86_run()
        document["cases"][2][place] = value
        with pytest.raises(DataError, match=re.escape(f"has {value:g} for a number")):
            read_results(write(tmp_path / "run.json", document))
