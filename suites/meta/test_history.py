"""`edgeassay history`: what it shows of runs with a known truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.config.shapes import default_history
from edgeassay.errors import ConfigError, DataError
from edgeassay.history import command
from edgeassay.history.shown import duration, sparkline
from edgeassay.runs import summaries
from edgeassay.runs.summaries import read_summaries
from edgeassay.stats.arrays import Floats
from edgeassay.stats.series import change_points, noise_of, trend, without_outliers
from suites.meta.project import ROOT
from suites.meta.run_files import (
    HARDWARE,
    commit_of,
    fingerprint,
    foreign,
    ours,
    write_history,
    write_run,
)

THIS = fingerprint(HARDWARE)
OTHER = {**HARDWARE, "cpu_model": "Another CPU"}


@dataclass(frozen=True, kw_only=True)
class End:
    """How the command ended, and what it wrote of the machines."""

    code: int
    text: str
    machines: list[dict[str, Any]]
    left_out: list[str]


def history(folder: Path, *words: str | Path) -> End:
    """Run it with --json; an error of edgeassay's, which ends with exit code 2, is raised."""
    out = folder / "out.json"
    ended = CliRunner().invoke(app, ["history", *map(str, words), "--json", str(out)])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    written = json.loads(out.read_text(encoding="utf-8")) if ended.exit_code == 0 else {}
    return End(
        code=ended.exit_code,
        text=ended.output,
        machines=written.get("machines", []),
        left_out=written.get("left_out", []),
    )


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A storage, on the machine that the runs of `run_files` are of."""

    class Machine:
        fingerprint = THIS

    monkeypatch.setattr(command, "this_machine", Machine)
    return tmp_path / "storage"


def stepped(runs: int, at: int, ratio: float, **known: Any) -> list[dict[str, Any]]:
    """Runs whose median is `ratio` times as long from one on, in which `known` is said too."""
    after = [seed >= at for seed in range(runs)]
    return [
        ours(3.0 * (ratio if late else 1.0), seed=seed, **(known if late else {}))
        for seed, late in enumerate(after)
    ]


def only(found: Sequence[Any]) -> Any:
    (one,) = found
    return one


def test_a_step_is_found_and_named_with_what_came_with_it(storage: Path) -> None:
    stack = {"runtime": "litert", "runtime_version": "2.4.0", "gpu_driver": None}
    write_history(storage / THIS, stepped(40, 25, 1.05, stack=stack, artifact_sha256="b" * 64))
    end = history(storage.parent, "--storage", storage)
    found = only(only(end.machines)["benchmarks"])
    change = only(found["changes"])
    assert end.code == 0
    assert change["last"]["commit"].startswith(commit_of(24))
    assert change["first"]["commit"].startswith(commit_of(25))
    assert change["low"] < 5.0 < change["high"]
    assert change["percent"] == pytest.approx(5.0, abs=1.0)
    reason = f"a new artifact, runtime_version 2.3.0 → 2.4.0 with {commit_of(25)}"
    assert only(change["reasons"]) == reason
    sentence = f"chest-int8-litert: {change['percent']:.1f} % slower"
    assert sentence in end.text
    assert (
        f"from {commit_of(24)} (2026-03-25) to {commit_of(25)} (2026-03-26); {reason}" in end.text
    )


def test_what_came_elsewhere_is_no_reason(storage: Path) -> None:
    runs = stepped(40, 25, 1.05)
    for made in runs[10:]:
        made["benchmarks"][0]["extra_info"]["artifact_sha256"] = "b" * 64
    write_history(storage / THIS, runs)
    end = history(storage.parent, "--storage", storage)
    assert only(only(only(end.machines)["benchmarks"])["changes"])["reasons"] == []


def test_a_speedup_is_told_as_one(storage: Path) -> None:
    write_history(storage / THIS, stepped(40, 20, 1 / 1.10))
    end = history(storage.parent, "--storage", storage)
    change = only(only(only(end.machines)["benchmarks"])["changes"])
    assert change["percent"] == pytest.approx(-9.1, abs=1.0)
    assert f"{-change['percent']:.1f} % faster" in end.text


def test_a_level_has_no_change_points_and_no_trend(storage: Path) -> None:
    write_history(storage / THIS, stepped(40, 0, 1.0))
    found = only(only(history(storage.parent, "--storage", storage).machines)["benchmarks"])
    assert found["changes"] == []
    assert found["trend"]["low"] < 0.0 < found["trend"]["high"]
    assert (found["runs"], found["disturbed"], len(found["recent_ms"])) == (40, 0, 24)
    assert found["now_ms"] == found["recent_ms"][-1] == pytest.approx(3.0, rel=0.02)


def test_a_creeping_slowdown_is_a_trend(storage: Path) -> None:
    runs = [ours(3.0 * 1.001**number, seed=number) for number in range(40)]
    write_history(storage / THIS, runs)
    found = only(only(history(storage.parent, "--storage", storage).machines)["benchmarks"])
    expected = (1.001**100 - 1.0) * 100.0
    assert 0.0 < found["trend"]["low"] < expected < found["trend"]["high"]


def test_few_runs_have_neither_trend_nor_change_points(storage: Path) -> None:
    write_history(storage / THIS, stepped(default_history().least_runs - 1, 6, 1.5))
    end = history(storage.parent, "--storage", storage)
    found = only(only(end.machines)["benchmarks"])
    assert (found["trend"], found["changes"]) == (None, [])
    assert "too few runs" in end.text


def test_disturbed_runs_are_counted_and_decide_nothing(storage: Path) -> None:
    runs = stepped(40, 0, 1.0)
    for made in runs[20:]:
        case = made["benchmarks"][0]["extra_info"]
        case["disturbed"] = "others left 0.5 CPUs"
        case["durations_ns"] = [[9_000_000] * 4] * 3
    write_history(storage / THIS, runs)
    end = history(storage.parent, "--storage", storage)
    found = only(only(end.machines)["benchmarks"])
    assert (found["runs"], found["disturbed"], found["changes"]) == (20, 20, [])
    assert "20 (+20 disturbed)" in end.text


def test_where_all_runs_were_disturbed_they_are_shown_and_decide_nothing(storage: Path) -> None:
    write_history(storage / THIS, [ours(disturbed="others", seed=n) for n in range(40)])
    found = only(only(history(storage.parent, "--storage", storage).machines)["benchmarks"])
    assert (found["runs"], found["disturbed"], len(found["recent_ms"])) == (0, 40, 24)
    assert (found["trend"], found["changes"]) == (None, [])


def test_durations_that_no_computer_has_are_borne(tmp_path: Path) -> None:
    runs = [foreign() for _ in range(20)]
    for number, made in enumerate(runs):
        made["benchmarks"][1]["stats"]["median"] = 1e-9 * 1e9**number
    write_history(tmp_path / "a", runs)
    assert history(tmp_path, tmp_path / "a").code == 0


def test_bytes_and_auc_are_followed(storage: Path) -> None:
    write_history(storage / THIS, stepped(4, 2, 1.0, size_bytes=706_992, mean_auc=0.985))
    end = history(storage.parent, "--storage", storage)
    found = only(only(end.machines)["benchmarks"])
    assert found["size_bytes"] == {"first": 642_720, "now": 706_992}
    assert found["mean_auc"] == {"first": 0.99, "now": 0.985}
    assert "706,992 (+10.0%)" in end.text
    assert "0.9850 (-0.0050)" in end.text


def test_the_last_runs_alone(storage: Path) -> None:
    write_history(storage / THIS, stepped(40, 20, 1.10))
    end = history(storage.parent, "--storage", storage, "--last", "15")
    found = only(only(end.machines)["benchmarks"])
    assert (found["runs"], found["changes"]) == (15, [])
    assert found["first"]["commit"].startswith(commit_of(25))


def test_runs_are_in_the_order_of_time_whatever_their_files_are_called(storage: Path) -> None:
    write_history(storage / THIS, stepped(20, 10, 1.2))
    for number, path in enumerate(sorted((storage / THIS).iterdir(), reverse=True)):
        path.rename(path.with_name(f"{number + 100:04}_run.json"))
    found = only(only(history(storage.parent, "--storage", storage).machines)["benchmarks"])
    assert only(found["changes"])["first"]["commit"].startswith(commit_of(10))


def test_only_this_machines_runs_are_shown(storage: Path) -> None:
    write_history(storage / THIS, stepped(3, 0, 1.0))
    elsewhere = [moved(ours(9.0)) for _ in range(5)]
    write_history(storage / fingerprint(OTHER), elsewhere)
    assert only(history(storage.parent, "--storage", storage).machines)["runs"] == 3
    words = ("--fingerprint", THIS, "--fingerprint", fingerprint(OTHER))
    end = history(storage.parent, "--storage", storage, *words)
    assert sorted(machine["runs"] for machine in end.machines) == [3, 5]
    with pytest.raises(ConfigError, match=f"--fingerprint nobody: unknown .*{THIS}"):
        history(storage.parent, "--storage", storage, "--fingerprint", "nobody")


def moved(made: dict[str, Any]) -> dict[str, Any]:
    """The same run on other hardware."""
    made["machine_info"]["edgeassay"] = {"fingerprint": fingerprint(OTHER), "hardware": OTHER}
    return made


def test_a_run_in_another_machines_folder_is_left_out(storage: Path) -> None:
    write_history(storage / THIS, [ours(), ours(), moved(ours(9.0))])
    end = history(storage.parent, "--storage", storage)
    assert only(end.machines)["runs"] == 2
    assert f"was measured on {fingerprint(OTHER)} and lies in the folder of {THIS}" in end.text
    assert "1 of 3 files are left out" in end.text


def test_machines_are_never_mixed(tmp_path: Path) -> None:
    write_history(tmp_path / "a", [ours(), moved(ours()), foreign()])
    end = history(tmp_path, tmp_path / "a")
    assert [machine["runs"] for machine in end.machines] == [1, 1, 1]
    assert len({machine["fingerprint"] for machine in end.machines}) == 3


def test_foreign_runs_have_a_history_too(tmp_path: Path) -> None:
    runs = [foreign("4.0.0" if number < 10 else "5.3.1") for number in range(20)]
    for made in runs[12:]:
        made["machine_info"]["python_version"] = "3.12.1"
        made["benchmarks"][0]["stats"] |= {"data": [2.4e-3] * 3, "median": 2.4e-3}
    write_history(tmp_path / "a", runs)
    slower, same = only(history(tmp_path, tmp_path / "a").machines)["benchmarks"]
    assert only(slower["changes"])["percent"] == pytest.approx(20.0)
    assert "python_version 3.11.7 → 3.12.1" in only(only(slower["changes"])["reasons"])
    assert same["changes"] == []


def test_damaged_files_are_told_and_left_out(storage: Path) -> None:
    write_history(storage / THIS, stepped(3, 0, 1.0))
    (storage / THIS / "0004_run.json").write_text("{", encoding="utf-8")
    timeless = ours()
    timeless["datetime"] = None
    write_run(storage / THIS / "0005_run.json", timeless)
    end = history(storage.parent, "--storage", storage)
    assert end.code == 0
    assert only(end.machines)["runs"] == 3
    assert "left out: " in end.text
    assert "2 of 5 files are left out" in end.text
    assert "0004_run.json is no whole JSON" in end.text
    assert "is no whole JSON" in end.left_out[0]
    assert "0005_run.json doesn't say when it was saved" in end.text
    assert "doesn't say when it was saved" in end.left_out[1]


def test_only_damaged_files_are_an_error(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"is empty; .* \(and 1 more can't be used either\)"):
        history(tmp_path, tmp_path / "a.json", tmp_path / "b.json")


def test_no_runs_at_all_is_said(storage: Path) -> None:
    end = history(storage.parent, "--storage", storage)
    assert end.code == 4
    assert f"there are no saved runs of this machine ({THIS}) in {storage}; save" in end.text
    assert "--benchmark-autosave" in end.text
    write_history(storage / fingerprint(OTHER), [moved(ours())])
    end = history(storage.parent, "--storage", storage)
    assert f"only of {fingerprint(OTHER)} (--fingerprint)" in end.text


def test_a_saved_run_is_never_written_over(tmp_path: Path) -> None:
    path = write_run(tmp_path / "out.json", ours())
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="is one of the saved runs; choose another place"):
        history(tmp_path, path)
    assert path.read_bytes() == before


def test_one_benchmark_of_many(tmp_path: Path) -> None:
    write_history(tmp_path / "a", [foreign(), foreign()])
    end = history(tmp_path, tmp_path / "a", "--benchmark", "*sum?2]")
    assert only(only(end.machines)["benchmarks"])["name"] == "tests/test_sum.py::test_sum[2]"
    with pytest.raises(ConfigError, match=r"--benchmark sum matches no benchmark; known: tests/"):
        history(tmp_path, tmp_path / "a", "--benchmark", "sum")


def test_what_cant_go_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--storage and PATHS can't go together"):
        history(tmp_path, tmp_path, "--storage", tmp_path)
    with pytest.raises(ConfigError, match="nowhere doesn't exist"):
        history(tmp_path, tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="can't be read: File name too long"):
        history(tmp_path, tmp_path / ("a" * 5000))


def test_markdown_says_the_same(storage: Path) -> None:
    write_history(storage / THIS, stepped(40, 25, 1.05))
    out = storage.parent / "history.md"
    shown = history(storage.parent, "--storage", storage, "--markdown", "-").text
    history(storage.parent, "--storage", storage, "--markdown", out)
    text = out.read_text(encoding="utf-8")
    assert text in shown
    assert f"### {THIS} (Example CPU): 40 runs from {commit_of(0)}" in text
    assert "| chest-int8-litert | 40 | 3." in text
    assert "- chest-int8-litert: " in text


def test_many_files_are_read_by_several_processes_as_by_one(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(storage, stepped(6, 3, 1.1))
    (storage / "0007_run.json").write_text("{", encoding="utf-8")
    files = sorted(storage.iterdir())
    alone = read_summaries(files)
    monkeypatch.setattr(summaries, "POOL_FROM", 1)
    assert read_summaries(files, processes=2) == alone
    assert (len(alone.runs), len(alone.left_out)) == (6, 1)


def noisy(runs: int, *, sd: float = 0.025, seed: int = 0) -> Floats:
    made: Floats = sd * np.random.default_rng(seed).standard_normal(runs)
    return made


def starts(values: Floats) -> list[int]:
    settings = default_history()
    noise = noise_of(values, settings.least_noise)
    calm = without_outliers(values, noise.sd, settings.least_stretch)
    return change_points(calm, noise, penalty=settings.penalty, stretch=settings.least_stretch)


def test_noise_alone_gives_hardly_any_change_points() -> None:
    assert sum(len(starts(noisy(60, seed=seed))) for seed in range(200)) <= 4


def test_a_step_of_two_standard_deviations_is_found_and_placed() -> None:
    found = 0
    for seed in range(100):
        values = noisy(60, seed=seed)
        values[30:] += np.log(1.05)
        found += any(abs(at - 30) <= 5 for at in starts(values))
    assert found >= 90


def test_single_outliers_are_no_change_points() -> None:
    values = noisy(100)
    values[[0, 20, 21, 50, 99]] += 0.5
    assert starts(values) == []


@pytest.mark.parametrize("shape", [np.zeros, lambda n: np.repeat(noisy(n // 10), 10)])
def test_coarse_clocks_are_borne(shape: Callable[[int], Floats]) -> None:
    values = shape(100)
    noise = noise_of(values, 0.005)
    assert noise.sd >= 0.005
    assert np.isfinite(noise.long_run)


def test_the_noise_of_a_series_is_found_in_spite_of_steps_and_outliers() -> None:
    values = noisy(400)
    values[200:] += 0.3
    values[::40] += 0.5
    assert noise_of(values, 0.0).sd == pytest.approx(0.025, rel=0.2)


def test_neighbours_that_resemble_each_other_are_taken_for_more_noise() -> None:
    steps, values = noisy(2000), np.zeros(2000)
    for index in range(1, 2000):
        values[index] = 0.6 * values[index - 1] + steps[index]
    noise = noise_of(values, 0.0)
    assert noise.sd == pytest.approx(0.025 / 0.8, rel=0.1)
    assert noise.long_run == pytest.approx(0.025 / 0.4, rel=0.2)


def test_a_slope_is_found_in_short_and_in_long_series() -> None:
    for runs in (20, 401, 5000):
        values = noisy(runs) + 0.001 * np.arange(runs)
        values[runs // 2] += 3.0  # it is robust
        found = trend(values, 0.95)
        assert found.low < found.slope < found.high
        assert found.low < 0.001 < found.high or found.slope == pytest.approx(0.001, rel=0.02)


def test_every_number_that_decides_is_documented() -> None:
    text = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")
    for key, value in asdict(default_history()).items():
        assert f"| `{key}` | {value} |" in text


def test_values_are_shown_as_people_write_them() -> None:
    assert [duration(ms) for ms in (3.0584, 2e-5, 0.5, 12_345.0, 1e-9)] == [
        "3.058 ms",
        "20 ns",
        "500 µs",
        "12.35 s",
        "0.001 ns",
    ]
    assert sparkline([1.0, 2.0, 1.5]) == "▁█▅"
    assert sparkline([1.0, 1.0]) == "▁▁"
