"""What is written for others names nobody; whoever has the key can tell who is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.errors import ConfigError
from edgeassay.privacy import KEY_FILE, KEY_VARIABLE, Redactor, redactor
from edgeassay.report.redaction import redacted
from edgeassay.report.results import Results
from suites.meta.matrix_files import CaseFile, results

KEY = b"k" * 32
WORDS = Redactor(
    key=KEY,
    root=Path("/srv/project"),
    names=frozenset({"00000013_005", "Mueller Anna 3", "1234", "ab"}),
    hosts=("scanner-7",),
    users=("mmueller",),
)


@pytest.mark.parametrize(
    ("text", "gone", "kept"),
    [
        ("kermany/test/IM-0007.jpeg can't be read", "IM-0007", "can't be read"),
        ("the image 00000013_005: no finite numbers", "00000013", "no finite numbers"),
        ("drawn from Mueller Anna 3, n = 4", "Anna", "n = 4"),
        ("/home/mmueller/data/x.npz is missing", "home", "is missing"),
        ("--models-dir=/opt/clinic/models", "clinic", "--models-dir="),
        ("at C:\\Users\\me\\a.txt, line 3", "Users", ", line 3"),
        ("~/secret/model.toml has no [data]", "secret", "has no [data]"),
        ("timed on scanner-7 by mmueller", "scanner", "timed on"),
        ("a.dcm.gz, B.PNG and c.TIFF", ".", " and "),
        ("at /home/x/My Scans/Anna Berg.png: damaged", "Anna", ": damaged"),
        ("image 1.2.840.113619.2.55.3 is no number", "840", "is no number"),
        ("ssh pi@cart-3.ward: refused; 10.0.7.12 too", "cart", "refused"),
        ("ssh pi@cart-3.ward: refused; 10.0.7.12 too", "10.0", "refused"),
    ],
)
def test_names_paths_hosts_and_users_are_digests(text: str, gone: str, kept: str) -> None:
    shown = WORDS.text(text)
    assert gone not in shown
    assert kept in shown


@pytest.mark.parametrize(
    "text",
    [
        "measured 0.9871 AUC (bounds 0.98, 0.99), limit at least 0.9, n = 1234; limit set by"
        " models/chest/model.toml:limits.min_auc",
        "p50/p95 in ms, 3 / 5 rounds; https://doi.org/10.1/x",
        "ab of 1234 images",
        "user-scanner-77 is no host",
        "LiteRT 2.3.0 on Linux 6.1.0-13 with glibc2.36; p95 in 1.2.3.4000",
    ],
)
def test_numbers_limits_and_words_stay(text: str) -> None:
    assert WORDS.text(text) == text


def test_what_lies_in_the_project_is_shown_from_there() -> None:
    assert WORDS.text("/srv/project/models/a/model.toml: x") == "models/a/model.toml: x"


@given(st.text(alphabet="/~ab.:-_ 0jpg\n\\", max_size=60))
def test_doing_it_again_changes_nothing(text: str) -> None:
    once = WORDS.text(text)
    assert WORDS.text(once) == once


def test_the_same_key_gives_the_same_digest_and_another_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    first, again = redactor(tmp_path), redactor(tmp_path)
    assert first.digest("image", "x") == again.digest("image", "x")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    monkeypatch.setenv(KEY_VARIABLE, "another key of ours")
    assert redactor(tmp_path).digest("image", "x") != first.digest("image", "x")


def test_a_key_that_can_be_guessed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "short")
    with pytest.raises(ConfigError, match=f"{KEY_VARIABLE} has fewer than 16 bytes"):
        redactor(tmp_path)
    monkeypatch.delenv(KEY_VARIABLE)
    (tmp_path / KEY_FILE).parent.mkdir()
    (tmp_path / KEY_FILE).write_bytes(b"torn")
    with pytest.raises(ConfigError, match="it has 4 bytes; remove it"):
        redactor(tmp_path)


def run_of(**more: Any) -> Results:
    case = CaseFile("int8", "litert", device="scanner-7", p50_ms=1.0)
    case.claimed("subgroup_auc_drop", "fail", reason="too few patients to judge sex = F, age = 90")
    document = results([case], command=["--assay-json", "/home/mmueller/r.json"], **more)
    document["machine"]["hostname"] = "cart"
    cells = [("sex", "F", 9, 9), ("sex", "M", 800, 410), ("age", "90", 40, 10)]
    document["cases"][0]["curves"] = {
        "subgroups": [
            dict(zip(("column", "value", "images", "patients"), c, strict=True)) for c in cells
        ]
    }
    return Results.model_validate(document)


def test_results_for_others_keep_ids_and_lose_hosts_paths_and_small_cells() -> None:
    made = redacted(run_of(), WORDS)
    text = made.model_dump_json()
    assert "mmueller" not in text
    assert made.machine["hostname"] == WORDS.digest("host", "cart")
    assert made.cases[0].case.device == "scanner-7"  # an id that files are matched by
    assert made.cases[0].curves is not None
    counts = [(c.value, c.images, c.patients) for c in made.cases[0].curves.subgroups]
    assert counts == [("F", None, None), ("M", 800, 410), ("90", 40, 10)]
    assert "sex = F" not in made.claims[0].reason
    assert "a subgroup of fewer than 10, age = 90" in made.claims[0].reason
    assert redacted(made, WORDS) == made


def test_a_host_that_a_field_names_is_gone_from_sentences_too() -> None:
    run = run_of()
    run.machine |= {"hostname": "ward-nine", "node": "ward-ten"}
    run.cases[0].worker |= {"hostname": "board-of-mia"}
    run.claims[0].reason = "ward-nine and ward-ten sent it to board-of-mia"
    text = redacted(run, WORDS).model_dump_json()
    assert not [name for name in ("ward-nine", "ward-ten", "of-mia") if name in text]
