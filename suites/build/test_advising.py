"""`edgeassay advise` on a tiny project: a declared model, and .tflite files from elsewhere."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgeassay.advising.offers import STANDARD
from edgeassay.cli import main
from edgeassay.config import load_model
from suites.meta import commands
from suites.meta.project import DEVICE_TOML, MODEL_TOML, write_spots
from suites.meta.tinymodels import brightness, write_classifier

commands.needs("ai_edge_quantizer", reason="what makes variants needs the [build] extra")

PATIENTS = 400
MODEL = (
    MODEL_TOML.replace("tiny.keras", "tiny.tflite")
    .replace('int8 = { method = "int8", calibration_images = 8 }', 'w8 = { method = "w8" }')
    .replace("[limits.int8]", "[limits.w8]")
    .replace("size_ratio = { limit = 0.9,", "size_ratio = { limit = 2.0,")
)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str
    facts: Any


Advise = Callable[..., Done]


@pytest.fixture(scope="module")
def spots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_spots(folder / "spots", PATIENTS)
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spots: Path) -> Path:
    """A project with a model of a float .tflite, where a command works."""
    shutil.copytree(spots, tmp_path / "data")
    (tmp_path / "models/tiny").mkdir(parents=True)
    (tmp_path / "devices").mkdir()
    (tmp_path / "models/tiny/model.toml").write_text(MODEL)
    (tmp_path / "devices/bench.toml").write_text(DEVICE_TOML)
    write_classifier(tmp_path / "models/tiny/tiny.tflite", *brightness())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEASSAY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def advise(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Advise:
    """Run it in this process, as the command line would."""

    def run(*words: str, standard: tuple[str, ...] = ("w8",)) -> Done:
        monkeypatch.setattr("edgeassay.advising.offers.STANDARD", standard)
        path = place / "advice.json"
        path.unlink(missing_ok=True)
        options = ["--devices-dir", str(place / "devices"), "--json", str(path)]
        monkeypatch.setattr(sys, "argv", ["edgeassay", "advise", *words, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        facts = json.loads(path.read_text()) if path.exists() else None
        return Done(int(ended.value.code or 0), shown.out, shown.err, facts)

    return run


def relabel(place: Path, change: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """Rewrite the table of images row by row; None removes one."""
    table = place / "data/spots/labels.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in map(change, rows) if row is not None)


@pytest.mark.long
def test_it_advises_without_the_test_images(advise: Advise, place: Path) -> None:
    """Those of the test split are gone. A file without a signature is calibrated like any other."""
    with (place / "data/spots/labels.csv").open(newline="") as file:
        gone = [row["image"] for row in csv.DictReader(file) if row["split"] == "test"]
    for name in gone:
        (place / "data/spots" / name).unlink()
    done = advise("tiny", "--chart", str(place / "advice.svg"), "--slow", standard=STANDARD)
    assert done.code == 0, done.out + done.err
    facts = done.facts
    assert facts["outcome"] == "advised"
    known = {"fp32", "w8", "drq", "fp16", "w4", "int8", "w4a8", "int16x8"}
    assert set(facts["candidates"]) == known
    for one in facts["candidates"].values():
        assert one["reference"] or one["latency_ratio"]["n"] == 3
        assert one["reference"] or one["mean_auc_drop"]["n"] == facts["images"]
    assert 0 < facts["images"] < len(gone)
    left = {one["name"]: one for one in facts["left_out"]}
    assert set(left) == {"int8-qat", "mixed"}
    assert facts["next"]["command"].startswith("pytest --benchmark --model tiny --variant ")
    assert "This is advice, not a verdict" in done.out
    assert (place / "advice.svg").read_text().startswith("<svg")


def test_what_it_chose_can_be_written_and_is_then_declared(advise: Advise, place: Path) -> None:
    path = place / "models/tiny/model.toml"
    path.write_text(re.sub(r"\[limits.w8\][^\[]*", "", path.read_text()).replace("w8 = {", "#"))
    done = advise("tiny", "--prefer", "size", "--write", standard=("drq",))
    assert done.code == 0, done.out + done.err
    chosen = done.facts["chosen"]
    assert chosen == "drq"
    assert f"Wrote {place}/models/tiny/variants/{chosen}.toml" in done.out
    model = load_model(place / "models/tiny", place)
    assert model.variants[chosen].method == done.facts["candidates"][chosen]["settings"]["method"]
    again = advise("tiny", "--prefer", "size", "--write", standard=("drq",))
    assert (again.code, again.facts["next"]["toml"]) == (0, [])
    assert again.facts["candidates"][chosen]["declared"]


@pytest.mark.long
def test_limits_that_nothing_keeps_are_told(advise: Advise, place: Path) -> None:
    path = place / "models/tiny/model.toml"
    path.write_text(path.read_text().replace("[limits.w8]", "size_ratio = 0.01\n\n[limits.w8]"))
    path.write_text(re.sub(r"size_ratio = \{.*\}", "size_ratio = 0.01", path.read_text()))
    done = advise("tiny")
    assert (done.code, done.facts["outcome"]) == (1, "nothing holds")
    assert "Ship nothing but fp32" in done.out
    assert "closest comes" in done.out


@pytest.mark.long
def test_too_few_patients_are_inconclusive(advise: Advise, place: Path) -> None:
    seen: list[str] = []

    def thin(row: dict[str, str]) -> dict[str, str] | None:
        seen.append(row["split"])
        return None if row["split"] == "validation" and seen.count("validation") > 12 else row

    relabel(place, thin)
    done = advise("tiny")
    assert (done.code, done.facts["outcome"]) == (3, "inconclusive"), done.out
    assert "too few patients" in done.out
    assert "Ship" not in done.out


@pytest.mark.long
def test_scores_that_find_nothing_are_inconclusive(advise: Advise, place: Path) -> None:
    path = place / "models/tiny/model.toml"
    path.write_text(path.read_text().replace("min_auc = 0.7", ""))
    turn = {"bright": "dark", "dark": "bright"}
    relabel(
        place,
        lambda row: (
            row if int(row["image"][-7:-4]) // 12 % 2 else row | {"finding": turn[row["finding"]]}
        ),
    )
    done = advise("tiny")
    assert (done.code, done.facts["outcome"]) == (3, "inconclusive"), done.out
    assert "what finds nothing loses nothing" in done.out


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("no data", r"has no \[data\]"),
        ("no validation", "has no validation split, and nothing is chosen on the test split"),
        ("tested", "split 'test' is for validation and for testing"),
        ("absent", "the data set 'spots' isn't here"),
    ],
)
def test_without_quality_it_ranks_size_and_speed_alone(
    advise: Advise, place: Path, monkeypatch: pytest.MonkeyPatch, change: str, message: str
) -> None:
    path = place / "models/tiny/model.toml"
    text = path.read_text()
    if change == "no data":
        path.write_text(re.sub(r"\[data\].*?\[variants\]", "[variants]", text, flags=re.DOTALL))
    elif change == "no validation":
        relabel(place, lambda row: None if row["split"] == "validation" else row)
    elif change == "tested":
        path.write_text(
            text.replace("[preprocess]", '[data.splits]\nvalidation = "test"\n\n[preprocess]')
        )
    else:
        monkeypatch.delenv("EDGEASSAY_DATA")
    done = advise("tiny")
    assert done.code == 4, done.out + done.err
    assert (done.facts["outcome"], done.facts["images"]) == ("unmeasured", None)
    assert re.search(message, done.out), done.out
    assert "By size and speed alone" in done.out
    assert "Ship" not in done.out


@pytest.mark.long
def test_a_file_from_elsewhere_takes_the_data_of_a_model(advise: Advise, place: Path) -> None:
    file = place / "From Elsewhere.tflite"
    write_classifier(file, *brightness(), dynamic_batch=True)
    bare = advise(str(file), standard=("w8", "int8"))
    assert (bare.code, bare.facts["outcome"]) == (4, "unmeasured"), bare.out
    assert "--data-of ID takes a declared model's" in bare.out
    few = advise(str(file), "--data-of", "tiny")
    # Copies that rank all images alike pass no margin that so few images can show.
    assert (few.code, few.facts["outcome"]) == (3, "inconclusive"), few.out + few.err
    assert set(few.facts["candidates"]) == {"fp32", "drq", "fp16", "w8"}
    write_spots(place / "data/spots", 4 * PATIENTS)
    done = advise(str(file), "--data-of", "tiny", standard=("drq",))
    assert done.code == 0, done.out + done.err
    assert "int8-qat left out: trained, for which it takes the network as .keras" in done.out
    assert f"edgeassay init from-elsewhere --tflite '{file}'" in done.out
    assert sorted(p.name for p in (place / "models").iterdir()) == ["tiny"]


@pytest.mark.long
def test_a_file_that_isnt_of_these_data_gets_no_advice(advise: Advise, place: Path) -> None:
    """It is asked for what the model with these data is asked for, and finds too little."""
    path = place / "models/tiny/model.toml"
    path.write_text(path.read_text().replace("min_auc = 0.7", "min_auc = 0.99"))
    write_classifier(place / "other.tflite", *brightness())
    done = advise("other.tflite", "--data-of", "tiny")
    assert (done.code, done.facts["outcome"]) == (3, "inconclusive"), done.out
    assert "asks for 0.99; are labels, [preprocess]" in done.out


@pytest.mark.long
def test_a_declared_model_of_artifacts_is_told_what_it_lacks(advise: Advise, place: Path) -> None:
    folder = place / "models/tiny"
    write_classifier(folder / "int8.tflite", *brightness(), int8=True)
    text = re.sub(r"weights = .*\n", "", MODEL)
    text = text.replace('fp32 = { method = "fp32" }', 'fp32 = { artifact = "tiny.tflite" }')
    text = text.replace('w8 = { method = "w8" }', 'int8 = { artifact = "int8.tflite" }')
    (folder / "model.toml").write_text(text.replace("[limits.w8]", "[limits.int8]"))
    done = advise("tiny", "--prefer", "size", standard=("int8", "w8"))
    assert done.code == 0, done.out + done.err
    assert set(done.facts["candidates"]) == {"fp32", "int8", "w8"}
    chosen = done.facts["chosen"]
    declared = done.facts["candidates"][chosen]["declared"]
    assert declared or done.facts["next"]["toml"][0] == 'weights = "tiny.tflite"'
    left = {one["name"]: one["words"] for one in done.facts["left_out"]}
    assert left["int8"] == "the model has another variant of this name"


MISTAKES = {
    "unknown": (["tin"], "MODEL tin: unknown model; did you mean 'tiny'?"),
    "missing": (["no.tflite"], "MODEL no.tflite can't be read: No such file or directory"),
    "onnx": (["net.onnx"], "is an .onnx, and variants are made of a float .tflite"),
    "keras": (["net.keras"], "is a .keras; start a model of it"),
    "text": (["text.tflite"], "is no .tflite; give a model's id or a float .tflite"),
    "corrupt": (["corrupt.tflite"], "is no .tflite, or a damaged one"),
    "quantized": (["int8.tflite"], r"is compressed already \(it has INT8 constants\)"),
    "data of whom": (["a.tflite", "--data-of", "tin"], "--data-of tin: unknown model"),
    "data of a model": (["tiny", "--data-of", "tiny"], "--data-of goes with a .tflite file"),
    "classes": (["three.tflite", "--data-of", "tiny"], "gives 3 scores, and .* has 1 classes"),
    "sizes": (["a.tflite", "--data-of", "large"], "takes 1x8x8x1, and .* makes 1x16x16x1"),
    "no data": (["a.tflite", "--data-of", "bare"], "bare/model.toml has no .data.; name a model"),
    "write": (["a.tflite", "--write"], "--write: a.tflite is no declared model; start one"),
    "runtime": (["tiny", "--runtime", "lite"], "--runtime lite: unknown runtime"),
    "device": (["tiny", "--device", "cart"], "--device cart: unknown device"),
    "chart": (["tiny", "--chart", "models"], "models can't be written: Is a directory"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(advise: Advise, place: Path, mistake: str) -> None:
    write_classifier(place / "a.tflite", *brightness())
    write_classifier(place / "three.tflite", *brightness(3))
    write_classifier(place / "int8.tflite", *brightness(), int8=True)
    for name in ("net.onnx", "text.tflite", "net.keras"):
        (place / name).write_text("neither this nor that")
    (place / "corrupt.tflite").write_bytes((place / "a.tflite").read_bytes()[:300])
    others = {
        "large": MODEL.replace("[8, 8]", "[16, 16]"),
        "bare": re.sub(r"\[data\].*?\[variants\]", "[variants]", MODEL, flags=re.DOTALL),
    }
    for name, text in others.items():
        (place / "models" / name).mkdir()
        (place / "models" / name / "model.toml").write_text(text.replace('"tiny"', f'"{name}"'))
    words, message = MISTAKES[mistake]
    done = advise(*words)
    assert done.code == 2, done.out + done.err
    assert re.search(message, done.err), done.err
    told = [line for line in done.err.splitlines() if not line.endswith("…")]
    assert len(told) == 1
    assert told[0].startswith("edgeassay: ")
    assert (done.out, done.facts) == ("", None)
