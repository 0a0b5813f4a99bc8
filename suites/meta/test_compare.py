"""`edgeassay compare` on saved files whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeassay.runs.scores import SavedScores, write_scores
from suites.meta.saved_files import (
    CASE,
    FOREIGN_MACHINE,
    HARDWARE,
    End,
    SavedFile,
    claimed,
    compare,
    foreign,
    write,
)

FAIL, BAD, OPEN, NOTHING = 1, 2, 3, 4


def compared(
    tmp_path: Path, base: dict[str, Any] | SavedFile, head: dict[str, Any] | SavedFile, *words: str
) -> End:
    """Both written as files, and compared."""
    paths = []
    for name, given in (("base", base), ("head", head)):
        document = given.document() if isinstance(given, SavedFile) else given
        paths.append(write(tmp_path / f"{name}.json", document))
    return compare(*paths, *words, out=tmp_path / "out.json")


@pytest.mark.parametrize(
    ("ms", "code", "verdict"),
    [(3.0, 0, "pass"), (3.15, FAIL, "fail"), (2.7, 0, "pass"), (3.09, OPEN, "inconclusive")],
)
def test_a_planted_change_is_what_is_found(
    tmp_path: Path, ms: float, code: int, verdict: str
) -> None:
    base = SavedFile(processes=8 if code == OPEN else 20)
    head = SavedFile(processes=base.processes, ms={"int8": ms}, seed=2)
    end = compared(tmp_path, base, head)
    assert end.code == code, end.text
    assert end.verdicts()["chest-int8-litert on host"]["time"] == verdict
    assert ("faster" in end.text) == (ms < 3.0)


def test_one_slower_among_many_is_shown_first(tmp_path: Path) -> None:
    base = {f"v{k}": 3.0 for k in range(8)}
    end = compared(tmp_path, SavedFile(ms=base), SavedFile(ms=base | {"v5": 3.3}, seed=2))
    assert end.code == FAIL
    assert [row["verdict"] for row in end.json["benchmarks"]] == ["fail", *["pass"] * 7]
    assert end.json["benchmarks"][0]["benchmark"] == "chest-v5-litert on host"
    change = end.json["benchmarks"][0]["changes"][0]
    assert change["effect"]["n"] == [20, 20]
    assert change["effect"]["low"] < change["effect"]["value"] < change["effect"]["high"]
    assert change["limits"][0]["source"].endswith("defaults.toml:compare.limits.tolerated")
    assert end.json["schema"] == 1


def test_the_same_file_is_unchanged_and_shown_when_asked(tmp_path: Path) -> None:
    path = SavedFile().write(tmp_path / "a.json")
    end = compare(path, path, out=tmp_path / "out.json")
    assert (end.code, end.json["verdict"]) == (0, "pass")
    assert "(1 unchanged)" in end.text
    assert "chest-int8" not in end.text
    assert "chest-int8" in compare(path, path, "--all", out=tmp_path / "out.json").text


def test_what_base_has_and_head_lacks_is_missing(tmp_path: Path) -> None:
    two = {"int8": 3.0, "fp32": 5.0}
    end = compared(tmp_path, SavedFile(ms=two), SavedFile())
    assert end.code == NOTHING
    assert end.json["missing"] == ["chest-fp32-litert on host"]
    end = compared(tmp_path, SavedFile(), SavedFile(ms=two))
    assert (end.code, end.json["new"]) == (0, ["chest-fp32-litert on host"])
    # A failure goes before what is missing.
    slow = SavedFile(ms={"int8": 4.0}, seed=2)
    assert compared(tmp_path, SavedFile(ms=two), slow).code == FAIL


def test_nothing_in_common_is_nothing_compared(tmp_path: Path) -> None:
    other = SavedFile(ms={"drq": 3.0}, extra={"artifact_sha256": "other"})
    assert compared(tmp_path, SavedFile(), other).code == NOTHING


def test_a_new_name_is_followed_where_it_is_known(tmp_path: Path) -> None:
    head = SavedFile(ms={"drq": 3.0}, seed=2)
    limits = tmp_path / "limits.toml"
    limits.write_text('[renamed]\n"chest-int8-litert" = "chest-drq-litert"\n', encoding="utf-8")
    end = compared(tmp_path, SavedFile(), head, "--limits", str(limits))
    assert end.code == OPEN  # of another artifact's AUC without scores nothing is known
    assert end.json["benchmarks"][0]["labels"] == ["was chest-int8-litert ([renamed])"]
    head.extra = {"artifact_sha256": "sha256 of int8"}
    end = compared(tmp_path, SavedFile(), head)
    assert end.json["benchmarks"][0]["labels"] == ["was chest-int8-litert (the same artifact)"]
    assert end.code == 0


def test_limits_are_those_of_the_file_that_is_given(tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(
        '[[limit]]\nvariant = "int8"\ntolerated = 0.2\nunacceptable = 0.3\n', encoding="utf-8"
    )
    slow = SavedFile(ms={"int8": 3.3}, seed=2)
    assert compared(tmp_path, SavedFile(), slow).code == FAIL
    end = compared(tmp_path, SavedFile(), slow, "--limits", str(limits), "--identified")
    assert end.code == 0
    assert "limits.toml:limit[0].unacceptable" in str(end.json)


def test_another_machine_is_incomparable_and_named(tmp_path: Path) -> None:
    there = SavedFile(hardware="ba9876543210", parts={"cpu_model": "Another"}, ms={"int8": 9.0})
    end = compared(tmp_path, SavedFile(), there)
    assert end.code == NOTHING
    assert end.verdicts()["chest-int8-litert on host"]["time"] == "incomparable"
    assert "the machines differ in cpu_model A Processor -> Another" in end.text
    there.extra = {"size_bytes": 900_000}
    assert compared(tmp_path, SavedFile(), there).code == FAIL
    end = compared(tmp_path, SavedFile(), there, "--across-machines")
    assert end.code == 0
    assert "+200.0 %" in end.text
    assert "not gated" in end.text
    slow = SavedFile(ms={"int8": 9.0}, seed=2)
    assert compared(tmp_path, SavedFile(), slow, "--across-machines").code == 0


def test_another_stack_is_comparable_and_told(tmp_path: Path) -> None:
    head = SavedFile(ms={"int8": 3.3}, seed=2, extra={"stack": {"runtime_version": "2.4.0"}})
    end = compared(tmp_path, SavedFile(), head)
    assert end.code == FAIL
    assert "runtime_version 2.3.0 -> 2.4.0" in end.text


def test_a_disturbed_side_decides_nothing(tmp_path: Path) -> None:
    head = SavedFile(ms={"int8": 6.0}, seed=2, extra={"disturbed": "others used 1.9 of 2 CPUs"})
    end = compared(tmp_path, SavedFile(), head)
    assert end.code == OPEN
    assert "while the head was timed, others used 1.9 of 2 CPUs" in end.text


def test_an_artifact_that_grows_fails(tmp_path: Path) -> None:
    end = compared(tmp_path, SavedFile(), SavedFile(extra={"size_bytes": 700_000}, seed=2))
    assert end.code == FAIL
    assert "larger +16.7 %" in end.text


def test_a_claim_that_held_and_fails_is_a_failure_unless_declared(tmp_path: Path) -> None:
    base = SavedFile(claims=[claimed()])
    assert compared(tmp_path, base, SavedFile(claims=[claimed(verdict="fail")])).code == FAIL
    declared = SavedFile(claims=[claimed(verdict="fail", deviation="it is known")])
    end = compared(tmp_path, base, declared)
    assert end.code == 0
    assert "declared: mean_auc_drop of chest int8 on litert held in BASE: it is known" in end.text
    end = compared(tmp_path, base, SavedFile())
    assert end.code == 0
    assert "1 claims held in BASE and weren't judged in HEAD" in end.text


def scores(noise: float, images: int = 2000) -> SavedScores:
    rng = np.random.default_rng(4)
    truth = (rng.random((images, 1)) < 0.4).astype(np.int8)
    base = rng.normal(size=truth.shape) + 1.8 * truth
    return SavedScores.of(
        scores=base + noise * rng.normal(size=truth.shape),
        truth=truth,
        patients=np.arange(images),
        classes=("Mass",),
        names=[f"{k}.png" for k in range(images)],
    )


@pytest.mark.parametrize(
    ("noise", "kept", "verdict"),
    [(0.01, True, "pass"), (1.0, True, "fail"), (0.01, False, "inconclusive"), (0, False, "pass")],
)
def test_scores_decide_about_the_auc_where_they_are_kept(
    tmp_path: Path, noise: float, kept: bool, verdict: str
) -> None:
    files = []
    for seed, one in enumerate((scores(0.0), scores(noise))):
        entry = {"case": CASE, "sha256": one.sha256, "data_sha256": one.data_sha256}
        auc = {"mean_auc": 0.9 - 0.001 * seed, "artifact_sha256": f"{seed}"}
        files.append(SavedFile(seed=seed, scores=[entry], extra=auc))
        if kept:
            write_scores(tmp_path, one)
    end = compared(tmp_path, files[0], files[1])
    assert end.verdicts()["chest-int8-litert on host"]["mean_auc"] == verdict, end.text


def test_other_data_is_incomparable(tmp_path: Path) -> None:
    entries = [{"case": CASE, "sha256": f"{k}", "data_sha256": f"{k}"} for k in (1, 2)]
    files = [SavedFile(seed=k, scores=[entry]) for k, entry in enumerate(entries)]
    end = compared(tmp_path, files[0], files[1])
    assert end.code == NOTHING
    assert end.verdicts()["chest-int8-litert on host"]["mean_auc"] == "incomparable"


@pytest.mark.parametrize("versions", [("4.0.0", "4.0.0"), ("5.1.0", "5.1.0"), ("4.0.0", "5.1.0")])
def test_files_of_other_projects_are_read(tmp_path: Path, versions: tuple[str, str]) -> None:
    def ended(slower: float, *, data: bool = True, micro: float = 1.0) -> End:
        one = {"test_a": 2.0 * micro, "test_b": 0.5 * micro}
        two = one | {"test_b": 0.5 * micro * slower}
        return compared(
            tmp_path,
            foreign(one, version=versions[0], data=data),
            foreign(two, version=versions[1], data=data, seed=2),
        )

    assert ended(1.5).code == FAIL
    assert ended(1.5, micro=1e-3).code == FAIL  # no floor for what isn't inference
    assert ended(1.1).code == OPEN
    assert ended(1.5, data=False).code == FAIL
    end = ended(1.2, data=False)
    assert end.code == OPEN
    assert "save runs with --benchmark-save-data" in end.text


def test_foreign_machines_are_told_apart_by_their_cpu(tmp_path: Path) -> None:
    arm = {**FOREIGN_MACHINE, "machine": "aarch64", "node": "board"}
    end = compared(tmp_path, foreign({"a": 2.0}), foreign({"a": 2.0}, machine=arm))
    assert end.code == NOTHING
    assert "machine x86_64 -> aarch64" in end.text
    named = {**FOREIGN_MACHINE, "node": "another", "release": "6.1"}
    assert compared(tmp_path, foreign({"a": 2.0}), foreign({"a": 2.0}, machine=named)).code == 0


def test_markdown_has_no_markup_of_names(tmp_path: Path) -> None:
    name = "test_x[a|b-<img>-@team-#12-`c`]"
    base, head = foreign({name: 2.0}), foreign({name: 4.0}, seed=2)
    out = tmp_path / "comment.md"
    end = compared(tmp_path, base, head, "--markdown", str(out))
    text = out.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "a\\|b" in line)
    assert "&lt;img&gt;-&#64;&#8203;team-&#35;&#8203;12-\\`c\\`" in row
    assert row.replace("\\|", "").count("|") == 8
    assert "**fail: " in text
    assert end.code == FAIL
    printed = compared(tmp_path, base, head, "--markdown", "-")
    assert printed.text == text


def test_nothing_is_written_over_an_input(tmp_path: Path) -> None:
    base, head = (SavedFile().write(tmp_path / f"{name}.json") for name in ("base", "head"))
    before = head.read_bytes()
    for words in (("--json", head), ("--markdown", head)):
        end = compare(base, head, *words, out=head if "--json" in words else tmp_path / "o.json")
        assert (end.code, head.read_bytes()) == (BAD, before)


def test_the_hardware_s_own_folder_is_meant_by_a_file_of_it(tmp_path: Path) -> None:
    SavedFile().write(tmp_path / f"baselines/{HARDWARE}/last.json")
    head = SavedFile(seed=2, ms={"int8": 4.0}).write(tmp_path / "head.json")
    words = ("--baselines", tmp_path / "baselines")
    assert compare("baseline", head, *words, out=tmp_path / "out.json").code == FAIL
    end = compare("released", head, *words, out=tmp_path / "out.json")
    assert end.code == NOTHING
    assert "no released baseline of the hardware" in end.text
