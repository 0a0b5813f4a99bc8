"""What commands write for others names nobody; what they show in one's own terminal does."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgeassay.cli import _imported, app
from edgeassay.commands.table import COMMANDS
from edgeassay.doctor import command
from edgeassay.machine import this_machine
from edgeassay.privacy import KEY_FILE, Redactor, redactor
from edgeassay.selftest import command as selftest_command
from edgeassay.selftest.checks import Outcome
from edgeassay.selftest.record import CheckRecord, SelftestRecord
from suites.meta.judge_files import drawn, write_table
from suites.meta.matrix_files import CaseFile, results
from suites.meta.run_files import HARDWARE, fingerprint, ours, write_history
from suites.meta.saved_files import foreign, write
from suites.meta.test_doctor import WELL, device
from suites.reports.gated import Document, Gated, record, unmeasured, unsure

WRITING = {"--json", "--markdown", "--html", "--junit"}
NINE, MIA = "ward-nine", "board-of-mia"


def run(*words: str | Path) -> Any:
    ended = CliRunner().invoke(app, [str(word) for word in words])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of the one that somebody works in."""
    (tmp_path / "here/models/tiny").mkdir(parents=True)
    (tmp_path / "here/models/tiny/model.toml").touch()
    (tmp_path / "away-of-mia").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "away-of-mia"


@pytest.mark.parametrize("name", [name for table in COMMANDS.values() for name in table])
def test_a_command_that_writes_for_others_can_be_told_to_keep_names(name: str) -> None:
    made = _imported(name)
    for one in (made, *getattr(made, "commands", {}).values()):
        options = {word for parameter in one.params for word in parameter.opts}
        assert not options & WRITING or "--identified" in options


def test_a_judgement_names_no_folder_but_its_own(away: Path) -> None:
    names = ("labels", "reference", "candidate")
    for name, columns in zip(names, drawn(1), strict=True):
        write_table(away / f"{name}.csv", columns)
        write_table(Path(f"{name}.csv"), columns)
    words = ["judge", "--resamples=200", "--json", "out.json"]
    far = [word for name in names for word in (f"--{name}", away / f"{name}.csv")]
    near = [word for name in names for word in (f"--{name}", Path(f"{name}.csv").absolute())]
    assert run(*words, *far).exit_code == 0
    paths = {k: v["path"] for k, v in json.loads(Path("out.json").read_text())["inputs"].items()}
    assert all(path.startswith("path-") for path in paths.values()), paths
    assert run(*words, *near).exit_code == 0
    paths = {k: v["path"] for k, v in json.loads(Path("out.json").read_text())["inputs"].items()}
    assert paths == {name: f"{name}.csv" for name in names}
    assert run(*words, *far, "--identified").exit_code == 0
    assert str(away) in Path("out.json").read_text()


def test_a_checkup_names_neither_host_nor_home(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device(away, "{python}")
    machine = replace(this_machine(), hostname=NINE)
    monkeypatch.setattr(command, "read", lambda *_: WELL)
    monkeypatch.setattr(command, "this_machine", lambda: machine)
    words = ("doctor", "--devices-dir", away, "--json", "out.json")
    shown = run(*words).output
    text = Path("out.json").read_text("utf-8")
    assert NINE in shown
    assert NINE not in text
    assert "of-mia" not in text
    assert json.loads(text)["machine"]["recorded"]["hostname"].startswith("host-")
    run(*words, "--identified")
    assert NINE in Path("out.json").read_text("utf-8")


def test_comparisons_name_no_folder(away: Path) -> None:
    for name in ("base.json", "head.json"):
        write(away / name, foreign({"test_x": 2.0}))
    ended = run(
        *("compare", away / "base.json", away / "head.json"),
        *("--json", "out.json", "--markdown", "out.md"),
    )
    assert "of-mia" in ended.output
    for name in ("out.json", "out.md"):
        assert "of-mia" not in Path(name).read_text("utf-8")


def test_a_history_names_no_folder(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_history(away / fingerprint(HARDWARE), [ours() for _ in range(3)])
    (away / fingerprint(HARDWARE) / "0009_run.json").write_text("{", "utf-8")
    monkeypatch.setattr(
        "edgeassay.history.command.this_machine",
        lambda: replace(this_machine(), fingerprint=fingerprint(HARDWARE)),
    )
    ended = run("history", "--storage", away, "--json", "out.json", "--markdown", "out.md")
    assert "of-mia" in ended.output
    for name in ("out.json", "out.md"):
        assert "is no whole JSON" in Path(name).read_text("utf-8")
        assert "of-mia" not in Path(name).read_text("utf-8")


def test_a_selftest_names_no_folder(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"{away}/x.tflite can't be read on {platform.node()}"
    check = CheckRecord(
        subject="a file", planted="", expected="", said=said, outcome=Outcome.WRONG, seconds=0.1
    )
    found = SelftestRecord(
        edgeassay="1",
        fingerprint="f",
        python="3",
        made="2027-01-01T00:00:00Z",
        outcome=Outcome.WRONG,
        checks=[check],
    )
    monkeypatch.setattr(selftest_command, "run_selftest", lambda _: found)
    ended = run("selftest", "--json", "out.json")
    assert "of-mia" in ended.output.replace("\n", "")
    assert "of-mia" not in Path("out.json").read_text("utf-8")


def reads(gated: Gated) -> dict[str, str]:
    """Everything that the gate writes for others."""
    return {
        name: (gated.folder / name).read_text("utf-8") for name in ("out.json", "g.md", "g.xml")
    }


def named(document: Document) -> None:
    """As a run with --identified leaves it."""
    document["identified"] = True
    document["machine"]["hostname"] = NINE
    document["cases"][0]["worker"] = {"hostname": MIA}
    unmeasured("latency_ratio")(document)
    found = record(document, "latency_ratio")
    found["reason"] = f"{NINE} sent it to {MIA}"
    found["limit"]["rationale"] = f"{MIA} is slow"
    cells = [{"column": "sex", "value": "F", "images": 9, "patients": 9}]
    document["cases"][0]["curves"] = {"subgroups": cells}
    unsure(document, "min_auc")
    record(document, "min_auc")["reason"] = "too few patients to judge sex = F"


@pytest.mark.parametrize("identified", [False, True])
def test_a_gate_names_no_machine_of_results_that_do(gated: Gated, identified: bool) -> None:
    gated.change("cart.json", named)
    gated.change("tablet.json", lambda d: record(d, "latency_ratio").update(reason=f"as on {MIA}"))
    words = ("--markdown", "g.md", "--junit", "g.xml", "--title", f"from {NINE}")
    end = gated.end(*words, *(["--identified"] if identified else []))
    assert "unmeasured" in end.problems, end.text
    files = reads(gated)
    for name in (NINE, MIA, "sex = F"):
        found = [file for file, text in files.items() if name in text.replace("\\", "")]
        assert bool(found) == identified, (name, found)


def test_a_host_that_a_field_names_is_gone_from_the_documents_sentences() -> None:
    words = Redactor(key=b"k" * 32, root=Path("/srv"))
    text = words.document({"machine": {"hostname": NINE}, "cases": [{"reason": f"on {NINE}"}]})
    assert NINE not in json.dumps(text)


def test_a_matrix_shows_what_was_typed_and_writes_no_folder(away: Path) -> None:
    case = CaseFile("int8", "litert")
    case.claimed("min_auc", "fail", 0.5, reason=f"measured 0.5; {NINE} has /srv/x; limit set by a")
    run_of = results([case], identified=True, command=[f"--models-dir={away}/models"])
    for number, name in enumerate(("x86.json", "arm.json")):
        run_of["machine"] |= {"fingerprint": f"{number:012}", "hostname": NINE}
        (away / name).write_text(json.dumps(run_of), "utf-8")
    files = (away / "x86.json", away / "arm.json")
    for word in ("matrix", "report"):
        shown = run(word, *files).output.replace("\n", "")
        assert f"{away}/x86.json" in shown
        assert f"--models-dir={away}/models" in shown
        assert "/srv/x" in shown
        ended = run(word, *files, "--markdown", "out.md", "--html", "out.html")
        assert ended.exit_code == 0, ended.output
        for name in ("out.md", "out.html"):
            text = Path(name).read_text("utf-8")
            assert "x86.json" in text
            assert not [one for one in ("of-mia", NINE, "/srv/x") if one in text]


def test_paths_in_the_repository_are_given_from_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("project", "theirs/models/tiny", "theirs/deep", "bare"):
        (tmp_path / name).mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path / "theirs")], check=True)
    monkeypatch.chdir(tmp_path / "theirs/deep")
    words = redactor(tmp_path / "project")
    source = f"limit set by {tmp_path}/theirs/models/tiny/model.toml:limits.min_auc"
    assert words.text(source) == "limit set by models/tiny/model.toml:limits.min_auc"
    assert words.text(f"--models-dir={tmp_path}/theirs/models") == "--models-dir=models"
    assert words.text(f"{tmp_path}/theirs: no such file") == ".: no such file"
    assert words.text(f"{tmp_path}/theirsandmore/x").startswith("path-")
    assert words.text(f"/else{tmp_path}/theirs/x").startswith("path-")
    assert words.text(f"file://{tmp_path}/theirs/x") == "file://x"
    assert words.text(f"file://{tmp_path}/bare/x").startswith("file://path-")
    monkeypatch.chdir(tmp_path / "bare")
    assert redactor(tmp_path / "project").text(f"{tmp_path}/bare/x") == "x"
    told = redactor(tmp_path / "project", folders=[tmp_path / "theirs/models"])
    assert told.text(source) == "limit set by models/tiny/model.toml:limits.min_auc"


def test_folders_above_ones_home_are_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mia")
    for root in ("/", "/home"):
        assert "mia" not in Redactor(key=b"k", root=Path(root)).text("/home/mia/scans/x")


def test_a_key_is_made_when_a_name_has_to_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGEASSAY_PRIVACY_KEY", raising=False)
    words = redactor(tmp_path)
    assert words.text("nobody is named") == "nobody is named"
    assert not (tmp_path / KEY_FILE).exists()
    assert words.text("/opt/clinic") == redactor(tmp_path).text("/opt/clinic")


def test_ids_stay_whatever_hosts_are_called() -> None:
    words = Redactor(key=b"k", root=Path("/srv"), hosts=("scanner-7",))
    case = {"case": {"device": "scanner-7"}, "reason": "on scanner-7"}
    found = words.document(case)
    assert found["case"] == case["case"]
    assert "scanner" not in found["reason"]
