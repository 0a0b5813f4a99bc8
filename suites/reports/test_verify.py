"""`edgeassay verify`: whatever is changed in a bundle, by whomever, is found."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import edgeassay
from edgeassay.cli import app
from edgeassay.errors import DataError
from edgeassay.evidence_bundle import parts, write_bundle
from edgeassay.evidence_bundle.manifest import MANIFEST, SIGNATURE, write_manifest
from edgeassay.evidence_bundle.signing import Signed, sign
from edgeassay.evidence_bundle.verifying import Verified, verify
from edgeassay.report.results import digest_of
from edgeassay.runs.scores import SavedScores, read_scores, write_scores
from suites.reports.evidence_project import begun

WHO = "reviewer@example.org"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two SSH keys, and a file that vouches for the first."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        words = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(["ssh-keygen", *words], check=True, stdin=subprocess.DEVNULL)
    public = (folder / "ours.pub").read_text("utf-8")
    (folder / "signers").write_text(f"{WHO} {public}", "utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Path:
    """A signed bundle."""
    project = begun(tmp_path_factory.mktemp("verified"))
    asked = project.asked(key=keys / "ours", page=lambda _: "<title>pictures</title>")
    write_bundle(project.folder / "evidence", [project.leave()], asked)
    return project.folder / "evidence"


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(whole, tmp_path / "evidence")
    return tmp_path / "evidence"


def sealed_anew(bundle: Path) -> None:
    """What whoever changes a file would do about the manifest."""
    write_manifest(bundle, edgeassay.__version__)


def verified(bundle: Path) -> Verified:
    return verify(bundle, None, None)


def test_an_untouched_bundle_holds(bundle: Path, keys: Path) -> None:
    found = verify(bundle, keys / "signers", WHO)
    assert found.code(signers=True) == 0
    assert found.signature.signed is Signed.BY_WHOM
    assert found.recomputed.wrong == []
    assert found.recomputed.verdicts > 10
    assert verified(bundle).signature.signed is Signed.BY_A_KEY


def test_one_changed_byte_in_any_file_is_found(bundle: Path) -> None:
    paths = [p for p in sorted(bundle.rglob("*")) if p.is_file()]
    kinds = {p.suffix for p in paths}
    assert kinds == {".json", ".html", ".npz", ".sig"}
    for path in paths:
        name, content = path.relative_to(bundle).as_posix(), path.read_bytes()
        place, changed = len(content) // 2, bytearray(content)
        if name == MANIFEST:  # a digit of a digest, so that the manifest can still be read
            place = content.index(b'"sha256": "') + len(b'"sha256": "')
            changed[place] = ord("1") if changed[place] == ord("0") else ord("0")
        elif name == SIGNATURE:
            place = content.index(b"\n", place) - 5
            changed[place] = ord("A") if changed[place] == ord("B") else ord("B")
        else:
            changed[place] ^= 1
        path.write_bytes(changed)
        found = verified(bundle)
        assert found.code(signers=False) == 1, name
        if name in (MANIFEST, SIGNATURE):
            assert found.signature.signed is Signed.WRONG
        else:
            assert f"{name} was changed" in found.changed
        path.write_bytes(content)
    assert verified(bundle).code(signers=False) == 0


def test_added_missing_and_linked_files_are_named(bundle: Path, tmp_path: Path) -> None:
    (bundle / "results/run-2.json").write_text("{}", "utf-8")
    (bundle / parts.DEVIATIONS.path).unlink()
    (tmp_path / "elsewhere").write_bytes((bundle / parts.PAGE).read_bytes())
    (bundle / parts.PAGE).unlink()
    (bundle / parts.PAGE).symlink_to(tmp_path / "elsewhere")
    (bundle / "more").symlink_to(tmp_path)
    found = verified(bundle)
    for words in (
        "results/run-2.json was added",
        f"{parts.DEVIATIONS.path} is missing",
        f"{parts.PAGE} was changed",
        "more was added",
    ):
        assert words in found.changed
    assert found.code(signers=False) == 1


def test_a_manifest_made_anew_doesnt_have_the_old_signature(bundle: Path, keys: Path) -> None:
    (bundle / parts.PAGE).write_text("<title>all is well</title>", "utf-8")
    sealed_anew(bundle)
    for found in (verified(bundle), verify(bundle, keys / "signers", None)):
        assert found.changed == ()
        assert found.signature.signed is Signed.WRONG
        assert found.code(signers=False) == 1


def test_another_key_is_nobodys(bundle: Path, keys: Path) -> None:
    (bundle / SIGNATURE).unlink()
    sign(bundle, keys / "theirs")
    assert verified(bundle).code(signers=False) == 0
    found = verify(bundle, keys / "signers", None)
    assert found.signature.signed is Signed.WRONG
    assert found.code(signers=True) == 1
    assert verify(bundle, keys / "signers", WHO).code(signers=True) == 1


def test_another_than_the_one_who_was_asked_for_isnt_enough(bundle: Path, keys: Path) -> None:
    assert verify(bundle, keys / "signers", "somebody@else").code(signers=True) == 1


def test_unsigned_is_said_loudly_and_isnt_enough_for_signers(bundle: Path, keys: Path) -> None:
    (bundle / SIGNATURE).unlink()
    found = verified(bundle)
    assert found.signature.words.startswith("unsigned")
    assert found.code(signers=False) == 0
    assert verify(bundle, keys / "signers", None).code(signers=True) == 4


def edit(path: Path, change: Callable[[Any], None], *, digest: bool = False) -> None:
    """Change a document as its forger would, with its own digest."""
    document = json.loads(path.read_bytes())
    change(document)
    if digest:
        document["digest"] = digest_of(document)
    path.write_text(json.dumps(document), "utf-8")


def number_of(claim: str, variant: str, value: float) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for one in document["claims"]:
            if one["claim"] == claim and one["case"]["variant"] == variant:
                one["measurement"]["value"] += value

    return change


def passed(document: Any) -> None:
    for one in document["claims"]:
        if one["verdict"] == "fail":
            one["verdict"] = "pass"


def unbounded(document: Any) -> None:
    """As if drops were exact."""
    for one in document["claims"]:
        if one["claim"] == "mean_auc_drop":
            one["measurement"] |= {"low": None, "high": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (number_of("mean_auc_drop", "worse", -0.01), "mean_auc_drop of planted worse"),
        (number_of("min_auc", "worse", 1e-6), "min_auc of planted worse"),
        (number_of("size_ratio", "bigger", -0.5), "size_ratio of planted bigger"),
        (unbounded, "its upper bound is"),
        (passed, "fail follows from its number, and it says pass"),
    ],
)
def test_numbers_that_dont_follow_from_the_predictions_are_found(
    bundle: Path, change: Callable[[Any], None], words: str
) -> None:
    edit(bundle / "results/run-1.json", change, digest=True)
    sealed_anew(bundle)
    found = verified(bundle)
    assert found.changed == ()
    assert any(words in one for one in found.recomputed.wrong), found.recomputed.wrong
    assert found.code(signers=False) == 1


def test_verdicts_that_are_told_otherwise_than_judged_are_found(bundle: Path) -> None:
    def pretty(document: Any) -> None:
        for row in document["measured"]:
            row["verdict"] = row["standing"] = "pass"

    edit(bundle / "impact/verdicts.json", pretty)
    sealed_anew(bundle)
    wrong = verified(bundle).recomputed.wrong
    assert wrong == [
        "impact/verdicts.json says something else than results/ does",
        "index.html says something else than the parts that it shows",
    ]


@pytest.mark.parametrize(
    "path",
    [
        *("bundle.json", "description/modifications.json", "impact/machines.json"),
        *("protocol/attempts.json", "protocol/tool-validation.json"),
    ],
)
def test_a_part_that_is_emptied_is_found_whoever_seals_it(bundle: Path, path: str) -> None:
    (bundle / path).write_text("{}\n", "utf-8")
    sealed_anew(bundle)
    found = verified(bundle)
    assert found.recomputed.wrong, path
    assert found.code(signers=False) == 1


def test_a_page_that_is_told_otherwise_than_its_parts_is_found(bundle: Path) -> None:
    page = (bundle / "index.html").read_text("utf-8")
    assert "inconclusive" in page
    for text in (page.replace("inconclusive", "pass"), ""):
        (bundle / "index.html").write_text(text, "utf-8")
        sealed_anew(bundle)
        words = "index.html says something else than the parts that it shows"
        assert verified(bundle).recomputed.wrong == [words]


def test_a_decision_that_the_results_dont_give_is_found(bundle: Path) -> None:
    edit(bundle / "bundle.json", lambda summary: summary.update(decision="pass"))
    sealed_anew(bundle)
    words = "bundle.json says something else of the decision than results/ does"
    assert words in verified(bundle).recomputed.wrong


@pytest.mark.parametrize(
    ("key", "value"), [("commit", "0" * 40), ("dirty", True), ("complete", False)]
)
def test_another_commit_in_the_results_than_in_the_parts_is_found(
    bundle: Path, key: str, value: object
) -> None:
    edit(bundle / "results/run-1.json", lambda found: found.update({key: value}), digest=True)
    sealed_anew(bundle)
    words = "impact/machines.json says something else than results/ does"
    assert words in verified(bundle).recomputed.wrong


@pytest.mark.parametrize(
    "path", ["protocol/attempts.json", "protocol/acceptance-criteria.json", "index.html"]
)
def test_a_bundle_without_a_part_isnt_whole(bundle: Path, path: str) -> None:
    (bundle / path).unlink()
    sealed_anew(bundle)
    found = verified(bundle)
    assert f"{path} isn't in the manifest: the bundle isn't whole" in found.changed
    assert found.code(signers=False) == 1


def test_predictions_exchanged_for_better_ones_are_found(bundle: Path) -> None:
    results = json.loads((bundle / "results/run-1.json").read_bytes())
    (record,) = (r for r in results["scores"] if r["case"]["variant"] == "worse")
    old = read_scores(bundle / "predictions", record["sha256"])
    better = SavedScores(
        scores=old.truth.astype(np.float32),
        truth=old.truth,
        patients=old.patients,
        classes=old.classes,
        names_sha256=old.names_sha256,
    )
    write_scores(bundle / "predictions", better)
    (bundle / "predictions/saving.lock").unlink(missing_ok=True)

    def point_at(document: Any) -> None:
        for one in document["scores"]:
            one["sha256"] = better.sha256 if one["sha256"] == old.sha256 else one["sha256"]

    edit(bundle / "results/run-1.json", point_at, digest=True)
    sealed_anew(bundle)
    assert any("min_auc of planted worse" in words for words in verified(bundle).recomputed.wrong)


def test_a_patient_of_two_splits_is_found_in_the_lists(bundle: Path) -> None:
    def share(document: Any) -> None:
        splits = document[0]["splits"]
        splits["train"]["patients"][0] = splits["evaluation"]["patients"][0]

    edit(bundle / parts.DATA.path, share)
    sealed_anew(bundle)
    found = verified(bundle)
    assert found.overlaps == (
        "planted: its lists of patients say: evaluation shares patients: 1 with train",
    )
    assert found.code(signers=False) == 1


def test_a_list_that_lacks_patients_doesnt_fit_the_scores(bundle: Path) -> None:
    edit(bundle / parts.DATA.path, lambda d: d[0]["splits"]["evaluation"]["patients"].pop())
    sealed_anew(bundle)
    assert (
        "are of 128 patients, and the list of evaluation's has 127" in verified(bundle).overlaps[0]
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "it has no manifest.json"),
        (b"{", "is no manifest"),
        (b'{"what": "other", "files": []}', "is no manifest"),
        (b"[" * 100_000, "is no manifest"),
        (
            b'{"edgeassay": "1", "files": [{"path": "../x", "sha256": "%s", "size": 1}]}'
            % (b"0" * 64),
            "lies outside",
        ),
    ],
)
def test_what_is_no_bundle_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(DataError, match=words):
        verified(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        verified(tmp_path / "nowhere")


def test_the_commands_write_it_and_look_at_it(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = begun(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEASSAY_DATA", str(tmp_path / "data"))
    written = ["report", str(project.leave()), "--evidence", "evidence"]
    written += ["--selftest", str(project.selftest()), "--attempts", str(project.ledger)]
    looked, signers = ["verify", "evidence"], ["--signers", str(keys / "signers")]

    def end(*words: str) -> tuple[int, str]:
        ended = CliRunner().invoke(app, words)
        return ended.exit_code, ended.output

    assert end(*written)[0] == 0
    code, said = end(*looked)
    assert code == 0
    assert "all as judged" in said
    assert "unsigned" in said
    assert end(*looked, *signers)[0] == 4
    assert end(*written, "--sign", str(keys / "ours"))[0] == 0
    code, said = end(*looked, *signers)
    assert code == 0
    assert f"signed by {WHO}" in said
    (tmp_path / "evidence/report.html").write_text("all is well", "utf-8")
    code, said = end(*looked, *signers)
    assert code == 1
    assert said.splitlines()[0] == "changed: report.html was changed"


def resigned(bundle: Path, keys: Path) -> Verified:
    """As its own author would have signed it, and a reviewer looks at it."""
    (bundle / SIGNATURE).unlink()
    sealed_anew(bundle)
    sign(bundle, keys / "ours")
    found = verify(bundle, keys / "signers", WHO)
    assert found.changed == ()
    assert found.signature.signed is Signed.BY_WHOM
    return found


def doubled(document: Any) -> None:
    for one in document["limits"]:
        one["value"] *= 2.0


def without_one(document: Any) -> None:
    document["limits"] = [one for one in document["limits"] if one["claim"] != "mean_auc_drop"]


def with_another(document: Any) -> None:
    document["limits"].append(document["limits"][0] | {"model": "another"})


def twice(document: Any) -> None:
    document["limits"].append(document["limits"][0])


def of_fewer_claims(document: Any) -> None:
    document["limits"][0]["claims"] -= 1


def set_later(document: Any) -> None:
    document["limits"][0]["set_at"]["committed"] = "2027-03-02T12:00:00Z"


def said_to_be_later(document: Any) -> None:
    document["limits"][0]["before_run"] = False


def of_no_ancestor(document: Any) -> None:
    document["limits"][0]["ancestor"] = False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (doubled, "no acceptance criterion says the same"),
        (doubled, "and no results hold the same"),
        (without_one, "no acceptance criterion says the same"),
        (with_another, "of another to"),
        (twice, "twice"),
        (of_fewer_claims, "no results hold the same"),
        (set_later, "was set on 2027-03-02 12:00, after run-1 began"),
        (said_to_be_later, "after run-1 began"),
        (of_no_ancestor, "the run's commit doesn't come from"),
    ],
)
def test_signed_acceptance_criteria_that_results_dont_hold_are_found(
    bundle: Path, keys: Path, change: Callable[[Any], None], words: str
) -> None:
    edit(bundle / parts.CRITERIA.path, change)
    found = resigned(bundle, keys)
    assert any(words in one for one in found.recomputed.wrong), found.recomputed.wrong
    assert found.code(signers=True) == 1


def test_a_limit_in_results_that_is_no_criterion_is_found(bundle: Path, keys: Path) -> None:
    def loosened(document: Any) -> None:
        for one in document["claims"]:
            if one["claim"] == "mean_auc_drop":
                one["limit"]["value"] = 0.9

    edit(bundle / "results/run-1.json", loosened, digest=True)
    wrong = resigned(bundle, keys).recomputed.wrong
    assert any("to at most 0.9" in one and "no acceptance criterion" in one for one in wrong), wrong


def test_signed_evidence_of_which_nothing_can_be_computed_again_isnt_verified(
    tmp_path: Path, keys: Path
) -> None:
    """As a run on several processes leaves it: without predictions, listed or not."""
    project = begun(tmp_path)
    write_bundle(tmp_path / "e", [project.leave(scores=[])], project.asked(key=keys / "ours"))
    ended = CliRunner().invoke(
        app, ["verify", str(tmp_path / "e"), "--signers", str(keys / "signers")]
    )
    assert ended.exit_code == 4
    last = ended.output.splitlines()[-1]
    assert last == "not verified: nothing was changed, and nothing was computed again"
    assert "numbers: 0 computed again" in ended.output
    assert "the predictions that these claims are about aren't in the bundle" in ended.output


@pytest.mark.parametrize("claims", ["none", "machine"])
def test_results_that_nothing_can_be_computed_of_arent_verified(
    tmp_path: Path, keys: Path, claims: str
) -> None:
    project = begun(tmp_path)
    about = ("size_ratio", "loads") if claims == "machine" else ()
    left = [one for one in project.results.claims if one.claim in about]
    cases = [one.model_copy(update={"mean_auc": None}) for one in project.results.cases]
    file = project.leave(claims=left, scores=[], cases=cases)
    write_bundle(tmp_path / "e", [file], project.asked(key=keys / "ours"))
    found = verify(tmp_path / "e", keys / "signers", WHO)
    assert found.recomputed.wrong == []
    assert found.code(signers=True) == 4
    assert found.lacking[-1].startswith("nothing was computed again")
    assert ("has no claims" in found.lacking[0]) == (claims == "none")


def exchanged(document: Any) -> None:
    """The predictions of one case given as those of another."""
    rows = {one["case"]["variant"]: one for one in document}
    first, second = rows["fp32"], rows["worse"]
    first["scores"], second["scores"] = second["scores"], first["scores"]


def test_predictions_of_another_case_are_found(bundle: Path, keys: Path) -> None:
    edit(bundle / parts.PREDICTED.path, exchanged)
    found = resigned(bundle, keys)
    assert any("that aren't those that were judged" in one for one in found.recomputed.wrong)
    assert found.code(signers=True) == 1


def test_predictions_that_were_taken_out_or_put_in_are_found(bundle: Path, keys: Path) -> None:
    scores = sorted((bundle / "predictions/scores").glob("*.npz"))
    scores[0].rename(scores[0].with_name(f"{'0' * 64}.npz"))
    found = resigned(bundle, keys)
    assert any("are listed, and aren't in the bundle" in one for one in found.recomputed.wrong)
    assert f"predictions/scores/{'0' * 64}.npz is of no case in results/" in found.recomputed.wrong
    assert found.code(signers=True) == 1


def test_what_is_no_list_of_criteria_is_refused(bundle: Path) -> None:
    (bundle / parts.CRITERIA.path).write_text('{"limits": [{"claim": "x"}]}', "utf-8")
    with pytest.raises(DataError, match="isn't as edgeassay writes it"):
        verified(bundle)
