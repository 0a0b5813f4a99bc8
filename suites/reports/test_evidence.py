"""What an evidence bundle tells, and what it warns of."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edgeassay.errors import ConfigError, DataError
from edgeassay.evidence_bundle import bundle, parts, write_bundle
from edgeassay.evidence_bundle.git_history import History
from edgeassay.evidence_bundle.materials import problem_with
from edgeassay.evidence_bundle.toml_lines import about, lines_of
from edgeassay.evidence_bundle.verifying import verify
from edgeassay.matrix_report.rows import Run
from edgeassay.runs.scores import scores_path
from edgeassay.spec import Kind, Verdict
from suites.reports.evidence_project import (
    HOST,
    PLACE,
    STARTED,
    USER,
    EvidenceProject,
    begun,
    bytes_of,
)

LIMIT = "models/planted/model.toml:limits.mean_auc_drop"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> EvidenceProject:
    return begun(tmp_path_factory.mktemp("evidence"))


@pytest.fixture
def project(whole: EvidenceProject, tmp_path: Path) -> EvidenceProject:
    """A copy that a test may change."""
    shutil.copytree(whole.folder, tmp_path / "project")
    return EvidenceProject(tmp_path / "project")


@pytest.fixture
def no_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the bill of materials, which has a test of its own and takes a second."""
    monkeypatch.setattr("edgeassay.evidence_bundle.bundle.bill_of", lambda *_: "{}")
    monkeypatch.setattr("edgeassay.evidence_bundle.bundle.problem_with", lambda _: None)


def read(folder: Path, part: parts.Part) -> Any:
    return json.loads((folder / part.path).read_bytes())


def evidence(project: EvidenceProject, files: Sequence[Path] = (), **asked: Any) -> Path:
    folder = project.folder / "evidence"
    write_bundle(folder, files or [project.leave()], project.asked(**asked))
    return folder


def warnings(folder: Path) -> str:
    return "\n".join(json.loads((folder / parts.SUMMARY).read_bytes())["warnings"])


def test_the_bundle_of_a_clean_run_adds_up_and_warns_of_nothing(project: EvidenceProject) -> None:
    folder = evidence(project)
    found = verify(folder, None, None)
    assert found.code(signers=False) == 0
    assert found.changed == found.overlaps == ()
    assert found.recomputed.wrong == []
    assert not found.recomputed.beyond
    assert found.recomputed.numbers > 20
    assert warnings(folder) == ""
    document = (folder / parts.MATERIALS.path).read_text(encoding="utf-8")
    assert problem_with(document) is None
    components = {c["name"]: c for c in json.loads(document)["components"]}
    network = components["planted/worse"]
    assert network["type"] == "machine-learning-model"
    (case,) = (c for c in project.results.cases if c.case.variant == "worse")
    assert network["hashes"] == [{"alg": "SHA-256", "content": case.artifact_sha256}]
    assert {"ai-edge-litert", "numpy"} <= components.keys()


def test_what_is_no_bill_of_materials_is_noticed() -> None:
    assert problem_with('{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 0}')


@pytest.mark.usefixtures("no_bill")
def test_nobody_is_named_in_any_byte(project: EvidenceProject) -> None:
    content = bytes_of(evidence(project))
    named = (HOST, USER, PLACE, "Mueller", "ward.example", "images/0", ".png", "p001")
    for word in (*named, str(project.folder)):
        assert [name for name, data in content.items() if word.encode() in data] == []


@pytest.mark.usefixtures("no_bill")
def test_names_stay_where_that_is_asked_for_and_patients_dont(project: EvidenceProject) -> None:
    from dataclasses import replace

    folder = evidence(project, redactor=replace(project.redactor, key=b"", identified=True))
    content = b"".join(bytes_of(folder).values())
    assert HOST.encode() in content
    assert b"p001" not in content
    assert verify(folder, None, None).code(signers=False) == 0


@pytest.mark.usefixtures("no_bill")
def test_a_limit_names_the_commit_that_set_it_before_the_run(project: EvidenceProject) -> None:
    project.change("mean_auc_drop = 0.05", "mean_auc_drop = 0.05 # one clinic in twenty")
    sha = project.commit(days_before=3)
    folder = evidence(project, [project.leave(commit=project.git("rev-parse", "HEAD"))])
    (one,) = (c for c in read(folder, parts.CRITERIA)["limits"] if c["source"] == LIMIT)
    assert one["set_at"]["sha"] == sha
    assert one["state"] == "committed"
    assert one["ancestor"]
    assert one["before_run"]
    (other,) = (c for c in read(folder, parts.CRITERIA)["limits"] if c["claim"] == "size_ratio")
    assert other["set_at"]["sha"] != sha


@pytest.mark.usefixtures("no_bill")
def test_a_limit_that_was_set_after_the_run_is_told(project: EvidenceProject) -> None:
    project.change("mean_auc_drop = 0.05", "mean_auc_drop = 0.05 # afterwards")
    project.commit(days_before=-2)
    folder = evidence(project, [project.leave(commit=project.git("rev-parse", "HEAD"))])
    assert f"set after the run began: {LIMIT}" in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_a_limit_that_isnt_committed_is_told(project: EvidenceProject) -> None:
    claims = [
        c.model_copy(update={"limit": c.limit.model_copy(update={"value": 0.5})})
        if c.limit and c.limit.source == LIMIT
        else c
        for c in project.results.claims
    ]
    folder = evidence(project, [project.leave(claims=claims)])
    (one,) = (c for c in read(folder, parts.CRITERIA)["limits"] if c["source"] == LIMIT)
    assert one["state"] == "uncommitted"
    assert "says 0.05" in one["note"]
    assert f"1 limit is not committed: {LIMIT}" in warnings(folder)


@pytest.mark.usefixtures("no_bill")
@pytest.mark.parametrize("commit", [None, "0" * 40])
def test_limits_of_a_commit_that_nobody_knows_are_told(
    project: EvidenceProject, commit: str | None
) -> None:
    folder = evidence(project, [project.leave(commit=commit)])
    assert "when they were set is not known of" in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_a_history_that_is_cut_off_shows_nothing(project: EvidenceProject) -> None:
    project.git("clone", "-q", "--depth=1", f"file://{project.folder}", "clone")
    folder = evidence(project, root=project.folder / "clone")
    assert {c["state"] for c in read(folder, parts.CRITERIA)["limits"]} == {"unknown"}
    assert "fetch all of it" in read(folder, parts.CRITERIA)["limits"][0]["note"]
    assert "in one commit" not in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_a_limit_changed_together_with_its_model_is_a_warning(project: EvidenceProject) -> None:
    base = project.git("rev-parse", "HEAD")
    (project.folder / "models/planted/worse.tflite").write_bytes(b"another network")
    project.commit(days_before=4)
    apart = evidence(project, [project.leave(commit=project.git("rev-parse", "HEAD"))])
    assert "in one commit" not in warnings(apart)

    (project.folder / "models/planted/worse.tflite").write_bytes(b"yet another")
    project.change("mean_auc_drop = 0.05", "mean_auc_drop = 0.16")
    sha = project.commit(days_before=3)
    changed = [
        c.model_copy(update={"limit": c.limit.model_copy(update={"value": 0.16})})
        if c.limit and c.limit.source == LIMIT
        else c
        for c in project.results.claims
    ]
    folder = evidence(project, [project.leave(commit=sha, claims=changed)], base=base)
    told = warnings(folder)
    assert f"last changed in one commit, {sha[:12]}: {LIMIT.replace(':', ' ')};" in told
    assert "models/planted/worse.tflite" in told
    assert f"since {base} both limits and the model that they judge have changed" in told


@pytest.mark.usefixtures("no_bill")
def test_limit_and_model_changed_one_after_the_other_since_the_base_is_a_warning(
    project: EvidenceProject,
) -> None:
    base = project.git("rev-parse", "HEAD")
    project.change("size = [8, 8]", 'size = [8, 8]\nresize = "box"')
    project.commit(days_before=4)
    half = evidence(project, [project.leave(commit=project.git("rev-parse", "HEAD"))], base=base)
    assert "have changed" not in warnings(half)
    project.change("mean_auc_drop = 0.05", "mean_auc_drop = 0.04")
    project.commit(days_before=3)
    sha = project.git("rev-parse", "HEAD")
    told = warnings(evidence(project, [project.leave(commit=sha)], base=base))
    assert "preprocess.resize" in told.partition("have changed")[2]
    assert "in one commit" not in told


def test_a_keys_lines_are_found_however_it_is_written() -> None:
    text = (
        "# a comment\n[limits]\nloads = true\n\nmin_auc = {\n}\n".replace("{\n}", "{ limit = 0.9 }")
        + 'drop = [\n  1,\n  2,\n]\nnote = """\n[limits]\nloads = 3\n"""\n'
        '[[limit]]\nclaim = "a"\n# why\nlimit = 1.5\n[[limit]]\nclaim = "b"\nlimit = 2.5\n'
    )
    found = lines_of(text)
    assert (found["limits.loads"].first, found["limits.loads"].last) == (3, 3)
    assert (found["limits.min_auc.limit"].value, found["limits.min_auc.limit"].last) == (0.9, 5)
    assert (found["limits.drop"].first, found["limits.drop"].last) == (6, 9)
    assert (found["limits.note"].first, found["limits.note"].last) == (10, 13)
    assert [leaf.first for leaf in about(found, "limit[1].limit")] == [19, 20]
    assert about(found, "limit[2].limit") == []
    assert lines_of("no [TOML") == {}


def test_a_changed_line_of_a_limits_table_counts_as_a_change_of_the_limit(
    project: EvidenceProject,
) -> None:
    with project.toml.open("a", encoding="utf-8") as file:
        file.write('\n[[limit]]\nclaim = "size_ratio"\nvariant = "worse"\nlimit = 2.0\n')
    project.commit(days_before=5)
    project.change('variant = "worse"\nlimit', 'variant = "bigger"\nlimit')
    sha = project.commit(days_before=2)
    history = History(project.folder)
    path = "models/planted/model.toml"
    found = about(history.leaves(sha, path), "limit[0].limit")
    changed = history.last_change(sha, path, found)
    assert changed is not None
    assert changed.sha == sha


@pytest.mark.usefixtures("no_bill")
def test_what_wasnt_measured_stands_apart(project: EvidenceProject) -> None:
    kinds = {Kind.EMULATED: "worse", Kind.ESTIMATED: "bigger"}
    claims = [
        c.model_copy(update={"kind": kind}) if c.case.variant == variant else c
        for c in project.results.claims
        for kind, variant in [
            next(((k, v) for k, v in kinds.items() if v == c.case.variant), (Kind.MEASURED, ""))
        ]
    ]
    folder = evidence(project, [project.leave(claims=claims)])
    found = read(folder, parts.VERDICTS)
    assert {kind: {r["case"]["variant"] for r in rows} for kind, rows in found.items()} == {
        "measured": {"fp32", "same"},
        "emulated": {"worse"},
        "estimated": {"bigger"},
    }
    page = (folder / parts.PAGE).read_text(encoding="utf-8")
    assert page.index("Measured on the devices") < page.index("Not measured: emulated")
    assert page.index("Not measured: emulated") < page.index("Not measured: estimated")


@pytest.mark.usefixtures("no_bill")
@pytest.mark.parametrize(
    ("verdict", "word", "ships"),
    [(Verdict.PASS, "pass", "may ship"), (Verdict.INCONCLUSIVE, "undecided", "undecided")],
)
def test_the_page_says_the_decision_and_which_variants_may_ship(
    project: EvidenceProject, verdict: Verdict, word: str, ships: str
) -> None:
    claims = [c.model_copy(update={"verdict": verdict}) for c in project.results.claims]
    folder = evidence(project, [project.leave(claims=claims)])
    summary = json.loads((folder / parts.SUMMARY).read_text(encoding="utf-8"))
    assert summary["decision"] == word
    assert {one["ships"] for one in summary["variants"]} == {ships}
    page = re.sub(r"<[^>]*>|\s+", " ", (folder / parts.PAGE).read_text(encoding="utf-8"))
    assert re.search(rf"All claims together: +\S {word} *\. Each variant: ", page)


@pytest.mark.usefixtures("no_bill")
def test_deviations_have_reason_and_expiry(project: EvidenceProject) -> None:
    from datetime import date

    claims = [
        c.model_copy(
            update={"deviation": "the vendor mends it", "deviation_expires": date(2028, 1, 2)}
        )
        if c.verdict is Verdict.FAIL
        else c
        for c in project.results.claims
    ]
    folder = evidence(project, [project.leave(claims=claims)])
    found = read(folder, parts.DEVIATIONS)
    assert {(d["reason"], d["expires"]) for d in found} == {("the vendor mends it", "2028-01-02")}
    assert "2028-01-02" in (folder / parts.PAGE).read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_bill")
def test_nothing_of_a_results_file_is_markup_on_the_page(project: EvidenceProject) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    claims = [c.model_copy(update={"reason": evil}) for c in project.results.claims]
    page = (evidence(project, [project.leave(claims=claims)]) / parts.PAGE).read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.usefixtures("no_bill")
def test_the_looks_at_the_test_split_are_counted(project: EvidenceProject) -> None:
    from edgeassay.report.attempts import append_attempt

    file = project.leave()
    for hours in (-1, -2):
        other = project.results.model_copy(update={"started": STARTED + timedelta(hours=hours)})
        append_attempt(project.ledger, other, f"{hours}")
    folder = evidence(project, [file])
    (found,) = read(folder, parts.ATTEMPTS)["models"]
    assert (found["looks"], found["of_these_runs"]) == (3, 1)
    assert "was looked at 2 more times" in warnings(folder)
    lines = project.ledger.read_text("utf-8").splitlines(keepends=True)
    project.ledger.write_text(lines[1] + lines[2], "utf-8")
    told = warnings(evidence(project, [file]))
    assert "can't be believed" in told
    assert "doesn't know run-1" in told


@pytest.mark.usefixtures("no_bill")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"edgeassay": "0.0.1"}, "is of edgeassay 0.0.1"),
        ({"made": STARTED - timedelta(hours=1)}, "is older than"),
        ({"fingerprint": "another"}, "is of a machine that no run was on"),
    ],
)
def test_a_selftest_of_another_version_time_or_machine_is_refused(
    project: EvidenceProject, changed: dict[str, Any], words: str
) -> None:
    file, selftest = project.leave(), project.selftest(**changed)
    asked = project.asked()
    project.selftest(**changed)
    with pytest.raises(ConfigError, match=words):
        write_bundle(project.folder / "evidence", [file], asked)
    assert selftest.exists()
    assert not (project.folder / "evidence").exists()


@pytest.mark.usefixtures("no_bill")
def test_missing_predictions_and_data_are_told(project: EvidenceProject) -> None:
    record = project.results.scores[0]
    file = project.leave()
    scores_path(project.folder / "results.scores", record.sha256).unlink()
    shutil.rmtree(project.folder / "data")
    (project.folder / "data").mkdir()
    folder = evidence(project, [file])
    told = warnings(folder)
    assert "predictions are missing" in told
    assert "nothing is shown of its data" in told
    found = verify(folder, None, None)
    assert found.recomputed.missing == {"min_auc": 3, "finite_outputs": 3, "mean_auc_drop": 3}
    assert "the predictions that these claims are about aren't in the bundle" in found.lacking[0]
    assert found.code(signers=False) == 4


@pytest.mark.usefixtures("no_bill")
def test_data_that_isnt_what_was_judged_is_told(project: EvidenceProject) -> None:
    labels = project.folder / "data/planted/labels.csv"
    labels.write_text(labels.read_text("utf-8").replace("p002", "p902"), "utf-8")
    labels.write_text(labels.read_text("utf-8").replace("dark,p001", "bright,p001"), "utf-8")
    assert "the data here isn't the data that was judged" in warnings(evidence(project))


@pytest.mark.usefixtures("no_bill")
def test_damaged_predictions_are_refused(project: EvidenceProject) -> None:
    file = project.leave()
    path = scores_path(project.folder / "results.scores", project.results.scores[0].sha256)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="doesn't hold the scores"):
        evidence(project, [file])


@pytest.mark.usefixtures("no_bill")
def test_a_folder_of_something_else_is_never_overwritten(project: EvidenceProject) -> None:
    folder = project.folder / "evidence"
    folder.mkdir()
    (folder / "thesis.txt").write_text("ten years", "utf-8")
    with pytest.raises(ConfigError, match="holds something else"):
        evidence(project)
    assert bytes_of(folder) == {"thesis.txt": b"ten years"}


@pytest.mark.usefixtures("no_bill")
def test_a_bundle_is_replaced_whole_or_not_at_all(project: EvidenceProject) -> None:
    folder = evidence(project)
    before = bytes_of(folder)

    def fails(_: Sequence[Run]) -> str:
        raise DataError("no page")

    with pytest.raises(DataError, match="no page"):
        evidence(project, page=fails)
    assert bytes_of(folder) == before
    evidence(project, page=lambda runs: f"<title>{runs[0].where}</title>")
    after = bytes_of(folder)
    assert after[parts.REPORT] == b"<title>run-1</title>"
    assert [p.name for p in project.folder.glob(".evidence*")] == []


@pytest.mark.usefixtures("no_bill")
@pytest.mark.parametrize(
    ("asked", "words"),
    [({"base": "nowhere"}, "--base nowhere"), ({"key": Path("no-key")}, "--sign no-key")],
)
def test_what_is_asked_for_in_vain_is_said_first(
    project: EvidenceProject, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        evidence(project, **asked)
    assert not (project.folder / "evidence").exists()


def test_without_the_extra_it_says_what_to_install(
    project: EvidenceProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'edgeassay\[report\]'"):
        write_bundle(project.folder / "evidence", [project.leave()], project.asked())


@pytest.fixture
def beside(project: EvidenceProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, without git, that links to the repository's models in a sub-folder."""
    (project.folder / "ml").mkdir()
    project.git("mv", "models", "ml/models")
    project.git("commit", "-q", "-m", "moved", days_before=2)
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner/models").symlink_to(project.folder / "ml/models")
    monkeypatch.chdir(tmp_path / "runner")
    return tmp_path / "runner"


@pytest.mark.usefixtures("no_bill")
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_limit_is_looked_up_where_its_file_really_lies(
    project: EvidenceProject, beside: Path, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the action's project, and with its results in the repository; git's own variables can't
    name another place.
    """
    EvidenceProject(beside).git("init", "-q", "another")
    monkeypatch.setenv("GIT_DIR", str(beside / "another/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(beside / "another"))
    file = project.leave(commit=project.git("rev-parse", "HEAD"))
    asked: dict[str, Any] = {"root": beside}
    if elsewhere:
        monkeypatch.chdir(project.folder)
        asked = {"root": Path("/nowhere"), "models_dirs": (Path("ml/models"),)}
        monkeypatch.setattr(bundle, "_data", lambda *_: [])
    folder = evidence(project, [file], **asked)
    found = read(folder, parts.CRITERIA)["limits"]
    assert {one["state"] for one in found} == {"committed"}
    assert all(one["before_run"] and one["ancestor"] for one in found)
    assert "not committed" not in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_of_a_file_that_git_has_nowhere_nothing_is_known(
    project: EvidenceProject, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the models, with git's variables naming the repository that they came from."""
    file = project.leave(commit=project.git("rev-parse", "HEAD"))
    (beside / "models").unlink()
    shutil.copytree(project.folder / "ml/models", beside / "models")
    monkeypatch.setenv("GIT_DIR", str(project.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(project.folder))
    folder = evidence(project, [file], root=beside)
    assert {one["state"] for one in read(folder, parts.CRITERIA)["limits"]} == {"unknown"}
    assert "lies in no git repository here" in warnings(folder)
    assert "not committed" not in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_of_a_file_in_another_repository_than_the_runs_nothing_is_known(
    project: EvidenceProject, beside: Path
) -> None:
    file = project.leave(commit=project.git("rev-parse", "HEAD"))
    (beside / "models").unlink()
    shutil.copytree(project.folder / "ml/models", beside / "models")
    EvidenceProject(beside).git("init", "-q")
    EvidenceProject(beside).commit()
    folder = evidence(project, [file], root=beside)
    assert {one["state"] for one in read(folder, parts.CRITERIA)["limits"]} == {"unknown"}
    assert "the run's commit is not known in the repository that models" in warnings(folder)


@pytest.mark.usefixtures("no_bill")
def test_a_file_that_was_never_committed_is_told(project: EvidenceProject) -> None:
    project.git("rm", "-q", "--cached", "models/planted/model.toml")
    project.git("commit", "-q", "-m", "gone", days_before=2)
    file = project.leave(commit=project.git("rev-parse", "HEAD"))
    assert "limits are not committed" in warnings(evidence(project, [file]))
    project.toml.rename(project.folder / "away.toml")
    assert "is neither here nor in the run's commit" in warnings(evidence(project, [file]))


@pytest.mark.usefixtures("no_bill")
def test_without_a_ledger_the_number_of_looks_is_not_known(project: EvidenceProject) -> None:
    file = project.leave()
    folder = evidence(project, [file], attempts=project.folder / "lost.jsonl")
    (found,) = read(folder, parts.ATTEMPTS)["models"]
    assert found["looks"] is None
    assert "how often the test split was looked at is not known" in warnings(folder)
    assert "was looked at is not known" in (folder / parts.PAGE).read_text("utf-8")
    assert "0 since" not in (folder / parts.PAGE).read_text("utf-8")
    project.ledger.write_text("", "utf-8")  # another project's, or begun anew
    folder = evidence(project, [file])
    assert read(folder, parts.ATTEMPTS)["models"][0]["looks"] is None
    assert "doesn't know run-1, so how often it was looked at is not known" in warnings(folder)
