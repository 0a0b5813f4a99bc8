"""`edgeassay init`: what it makes of artifacts, and every mistake, with nothing left behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from edgeassay.atomic import sha256_of
from edgeassay.cli import main
from edgeassay.config import load_model
from edgeassay.spec import ClaimName, ImageCsvSource, ModelSpec, Preprocess
from edgeassay.starting import Tensors
from edgeassay.starting.declaration import Facts, model_toml
from edgeassay.starting.tensors import guess_image
from edgeassay.workers import TensorSpec
from suites.meta import commands
from suites.meta.project import PATIENTS, ROOT, write_spots
from suites.meta.starting import Init
from suites.meta.tinymodels import (
    brightness,
    write_classifier,
    write_overrun,
    write_several,
    write_text,
)


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    """A float artifact and its int8 form, as options."""
    write_classifier(tmp_path / "a.tflite", *brightness(), padding_bytes=4096)
    write_classifier(tmp_path / "b.tflite", *brightness(), int8=True)
    return artifacts(fp32=tmp_path / "a.tflite", int8=tmp_path / "b.tflite")


def artifacts(**files: Path) -> list[str]:
    return [word for name, file in files.items() for word in ("--artifact", f"{name}={file}")]


def made(tmp_path: Path, name: str) -> tuple[ModelSpec, str]:
    folder = tmp_path / "models" / name
    return load_model(folder, tmp_path), (folder / "model.toml").read_text(encoding="utf-8")


def switched_on(text: str) -> str:
    """The file with every setting that is switched off switched on."""
    return re.sub(r'^#(?=[\["a-z])', "", text, flags=re.MULTILINE)


def everything(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def limits(model: ModelSpec) -> set[tuple[str, str | None, float]]:
    return {(rule.claim.value, rule.variant, rule.limit.value) for rule in model.limits}


def test_artifacts_become_a_folder_that_loads(init: Init, pair: list[str], tmp_path: Path) -> None:
    done = init("chest", *pair)
    assert done.code == 0, done.err
    folder = tmp_path / "models/chest"
    assert {p.name for p in folder.iterdir()} == {"model.toml", "fp32.tflite", "int8.tflite"}
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["chest"]
    model, text = made(tmp_path, "chest")
    for variant, file in (("fp32", "a.tflite"), ("int8", "b.tflite")):
        assert (folder / f"{variant}.tflite").read_bytes() == (tmp_path / file).read_bytes()
        assert model.variants[variant].sha256 == sha256_of(tmp_path / file)
    assert limits(model) == {
        ("loads", None, 1.0),
        ("finite_outputs", None, 1.0),
        ("mean_auc_drop", None, 0.009),
        ("size_ratio", "int8", 0.5),
        ("latency_ratio", "int8", 1.0),
    }
    assert all(
        r.limit.rationale for r in model.limits if r.claim not in ("loads", "finite_outputs")
    )
    assert '#   input "image": int8 [1, 8, 8, 1], scale 0.00392156886, zero point -128' in text
    assert '#   output "scores": float32 [1, 1]' in text
    assert "\n[reference]" not in text
    assert "random_inputs" not in text


def test_what_is_found_and_what_to_do_next_is_shown(
    init: Init, pair: list[str], tmp_path: Path
) -> None:
    out = init("chest", *pair).out
    assert re.search(r"int8 +input +image +int8 +1x8x8x1 +0\.00392157 +-128", out)
    assert re.search(r"fp32 +output +scores +float32 +1x1", out)
    command = f"pytest --benchmark --models-dir {tmp_path / 'models'} --model chest"
    assert f"cd {ROOT} && {command}" in out or f" {command}\n" in out


def test_the_default_place_needs_no_models_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeassay.starting.command import _judging

    monkeypatch.chdir(ROOT)
    assert _judging(ROOT / "models/x", None) == "pytest --benchmark --model x"
    assert _judging(ROOT / "models/x", Path("models")) == "pytest --benchmark --model x"
    assert "--models-dir mine" in _judging(ROOT / "mine/x", Path("mine"))


def test_the_default_place_is_the_projects_and_must_be_there(
    pair: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edgeassay.starting.command.project_folder", lambda: tmp_path)
    monkeypatch.setattr(sys, "argv", ["edgeassay", "init", "chest", *pair])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"there is no {tmp_path / 'models'}; give a folder" in capsys.readouterr().err
    (tmp_path / "models").mkdir()
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert made(tmp_path, "chest")[0].id == "chest"


def test_the_same_files_give_the_same_bytes(init: Init, pair: list[str], tmp_path: Path) -> None:
    for place in ("one", "two"):
        assert init("chest", *pair, "--models-dir", str(tmp_path / place)).code == 0
    one, two = (tmp_path / place / "chest/model.toml" for place in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("classes", [1, 3, 40])
def test_what_is_switched_off_can_be_switched_on(init: Init, tmp_path: Path, classes: int) -> None:
    write_classifier(tmp_path / "a.tflite", *brightness(classes))
    assert init("chest", *artifacts(fp32=tmp_path / "a.tflite")).code == 0
    model, text = made(tmp_path, "chest")
    assert model.data is None
    path = tmp_path / "models/chest/model.toml"
    path.write_text(switched_on(text), encoding="utf-8")
    model, _ = made(tmp_path, "chest")
    assert isinstance(model.data, ImageCsvSource)
    assert len(model.classes) == (classes if classes <= 20 else 2)
    assert model.preprocess == Preprocess(color="grey", size=(8, 8))
    assert model.reference.predictions == "original.csv"


@pytest.mark.parametrize(
    ("kinds", "reference", "why"),
    [
        ({"fp32": "int8", "plain": "float"}, "fp32", ""),
        ({"a": "int8", "b": "float", "c": "float"}, "b", "inputs and outputs are all floats"),
        ({"a": "int8", "b": "int8"}, "a", "first given, and none takes floats"),
    ],
)
def test_the_reference_is_chosen_and_the_choice_is_told(
    init: Init, tmp_path: Path, kinds: dict[str, str], reference: str, why: str
) -> None:
    files = {name: tmp_path / f"{name}.tflite" for name in kinds}
    for name, kind in kinds.items():
        write_classifier(files[name], *brightness(), int8=kind == "int8")
    assert init("chest", *artifacts(**files)).code == 0
    model, text = made(tmp_path, "chest")
    assert model.reference.variant == reference
    assert why in text.replace("\n# ", " ")
    assert {v for claim, v, _ in limits(model) if claim == "size_ratio"} == set(kinds) - {reference}
    assert "latency_ratio =" not in text  # none is called int8
    (tmp_path / "models/chest/model.toml").write_text(switched_on(text), encoding="utf-8")
    assert made(tmp_path, "chest")[0].reference.variant == reference


def test_limits_go_by_the_variants_names(init: Init, tmp_path: Path) -> None:
    write_classifier(tmp_path / "a.tflite", *brightness())
    names = ("fp32", "fp16", "int8-qat", "drq", "int8.v2")
    words = [w for name in names for w in ("--artifact", f"{name}={tmp_path / 'a.tflite'}")]
    assert init("chest", *words).code == 0
    found = limits(made(tmp_path, "chest")[0])
    sizes = {variant: value for claim, variant, value in found if claim == "size_ratio"}
    assert sizes == {"fp16": 0.55, "int8-qat": 0.5, "drq": 0.5, "int8.v2": 0.5}
    assert [v for claim, v, _ in found if claim == "latency_ratio"] == ["int8-qat"]


def test_several_inputs_are_named_and_have_ranges_to_set(init: Init, tmp_path: Path) -> None:
    write_several(tmp_path / "a.tflite")
    write_several(tmp_path / "b.tflite", int8=True)
    words = artifacts(fp32=tmp_path / "a.tflite", int8=tmp_path / "b.tflite")
    assert init("two", *words).code == 0
    model, text = made(tmp_path, "two")
    assert '#   input "ids": int32 [1, 4]' in text
    assert '#   output "same": float32 [1, 4]' in text
    assert model.random_inputs.ranges == {}
    assert "[data] serves networks that take one image" in text
    assert "[preprocess]" not in text
    (tmp_path / "models/two/model.toml").write_text(switched_on(text), encoding="utf-8")
    assert made(tmp_path, "two")[0].random_inputs.ranges == {"image": (-1, 1), "ids": (0, 1)}


def test_an_input_of_raw_bytes_gets_their_range(init: Init, tmp_path: Path) -> None:
    write_several(tmp_path / "a.tflite", pixels=True)
    assert init("raw", *artifacts(fp32=tmp_path / "a.tflite")).code == 0
    assert made(tmp_path, "raw")[0].random_inputs.ranges == {"ids": (0, 255)}


@pytest.mark.parametrize(
    ("shape", "guess"),
    [
        ((1, 224, 192, 3), ("rgb", (224, 192), "last")),
        ((1, 1, 64, 48), ("grey", (64, 48), "first")),
        ((1, 3, 64, 48), ("rgb", (64, 48), "first")),
        ((1, 49, 40), None),
        ((1, 64, 64, 4), None),
        ((1, 1, 3, 40), None),
        ((2, 64, 64, 3), None),
        ((), None),
    ],
)
def test_images_are_guessed_from_shapes(
    shape: tuple[int, ...], guess: tuple[str, tuple[int, int], str] | None
) -> None:
    found = guess_image(tensor("x", shape))
    assert (found and (found.color, found.size, found.channels)) == guess


def tensor(name: str, shape: tuple[int, ...], dtype: str = "float32") -> TensorSpec:
    return TensorSpec(name=name, shape=shape, dtype=np.dtype(dtype), scale=0.0, zero_point=0)


def test_no_name_of_a_tensor_breaks_the_file() -> None:
    names = ['a"b', "back\\slash", "new\nline", "\x7f\x01", "[bold]x", "µ 🫁", "a.b:0"]
    tensors = Tensors(
        inputs=tuple(tensor(name, (1, 4), "int32") for name in names),
        outputs=(tensor("out\n[limits]", ()),),
    )
    facts = Facts(id="x", weights=None, digests={"fp32": "0" * 64}, tensors={"fp32": tensors})
    assert tomllib.loads(model_toml(facts))["id"] == "x"
    ranges = tomllib.loads(switched_on(model_toml(facts)))["random_inputs"]["ranges"]
    assert list(ranges) == names


def judged(out: str, tmp_path: Path, **environment: str) -> dict[tuple[str, str], str]:
    """The verdicts by claim and variant of a run of the command that `init` showed."""
    (command,) = re.findall(r"pytest --benchmark .*", out)
    results = tmp_path / "results.json"
    done = commands.run(
        *shlex.split(command),
        *(f"--assay-json={results}", f"--prediction-cache={tmp_path / 'predictions'}"),
        environment=commands.surroundings(**environment),
    )
    assert results.exists(), done.stdout
    claims = json.loads(results.read_text(encoding="utf-8"))["claims"]
    verdicts = {(c["claim"], c["case"]["variant"]): c["verdict"] for c in claims}
    # What is inconclusive is red, but for times, which others disturb.
    red = {"fail", "inconclusive"} & {v for k, v in verdicts.items() if k[0] != "latency_ratio"}
    assert done.returncode == bool(red or "fail" in verdicts.values()), done.stdout
    return verdicts


@pytest.mark.long
def test_filled_in_quality_is_judged_too(init: Init, pair: list[str], tmp_path: Path) -> None:
    out = init("chest", *pair).out
    path = tmp_path / "models/chest/model.toml"
    text = switched_on(path.read_text(encoding="utf-8")).replace(
        '"chest" # below', '"spots" # below'
    )
    text = text.replace('"pneumonia"', '"bright"').replace("predictions =", "# predictions =")
    path.write_text(text, encoding="utf-8")
    write_spots(tmp_path / "data/spots", PATIENTS)
    verdicts = judged(out, tmp_path, EDGEASSAY_DATA=str(tmp_path / "data"))
    assert verdicts["mean_auc_drop", "int8"] == verdicts["finite_outputs", "int8"] == "pass"


def test_a_model_brought_in_is_judged_by_the_command_that_is_shown(
    init: Init, tmp_path: Path
) -> None:
    """Its int8 artifact is the larger one: size is red, what needs no data is decided."""
    write_classifier(tmp_path / "a.tflite", *brightness())
    write_classifier(tmp_path / "b.tflite", *brightness(), int8=True, padding_bytes=4096)
    out = init("chest", *artifacts(fp32=tmp_path / "a.tflite", int8=tmp_path / "b.tflite")).out
    verdicts = judged(out, tmp_path)
    assert verdicts["size_ratio", "int8"] == "fail"
    assert verdicts["mean_auc_drop", "int8"] == "unmeasured"
    # Measured, whatever it shows while others use the machine too.
    assert verdicts["latency_ratio", "int8"] in ("pass", "fail", "inconclusive")
    for claim in ("loads", "finite_outputs"):
        assert verdicts[claim, "fp32"] == verdicts[claim, "int8"] == "pass"


A, B = "fp32={tmp}/a.tflite", "int8={tmp}/b.tflite"
MISTAKES = {
    "no way": (["chest"], "a model starts from --artifact .*; given: nothing; give exactly one"),
    "two ways": (
        ["chest", "--artifact", A, "--keras", "{tmp}/net.keras"],
        "given: --artifact and --keras; give exactly one",
    ),
    "two networks": (
        ["chest", "--tflite", "{tmp}/a.tflite", "--saved-model", "{tmp}"],
        "given: --saved-model and --tflite;",
    ),
    "capitals": (["Chest", "--artifact", A], "NAME 'Chest' is no usable name"),
    "slash": (["my/chest", "--artifact", A], "NAME 'my/chest' is no usable name"),
    "up": (["..", "--artifact", A], r"NAME '\.\.' is no usable name"),
    "long": (["c" * 300, "--artifact", A], "can't be made: File name too long"),
    "no equals sign": (["chest", "--artifact", "{tmp}/a.tflite"], "must be VARIANT=FILE"),
    "no file": (["chest", "--artifact", "fp32="], "must be VARIANT=FILE"),
    "no variant": (["chest", "--artifact", "={tmp}/a.tflite"], "must be VARIANT=FILE"),
    "variant": (["chest", "--artifact", "INT8={tmp}/a.tflite"], "'INT8' is no usable name of a"),
    "variant up": (["chest", "--artifact", "../x={tmp}/a.tflite"], "'../x' is no usable name of a"),
    "claim": (["chest", "--artifact", "loads={tmp}/a.tflite"], "'loads' is the name of a claim"),
    "twice": (["chest", "--artifact", A, "--artifact", A], "'fp32' was given already, as /"),
    "missing": (["chest", "--artifact", "fp32={tmp}/no.tflite"], "No such file or directory"),
    "folder": (["chest", "--artifact", "fp32={tmp}/folder"], "folder is a folder; name the file"),
    "pipe": (["chest", "--artifact", "fp32={tmp}/pipe"], "pipe is no ordinary file"),
    "empty": (["chest", "--artifact", "fp32={tmp}/empty.tflite"], "the file is empty; copy or"),
    "text": (["chest", "--artifact", "fp32={tmp}/text"], "is no .tflite; copy or export it again"),
    "onnx as tflite": (
        ["chest", "--tflite", "{tmp}/net.onnx"],
        "no .tflite; give an .onnx with --artifact",
    ),
    "tflite as onnx": (
        ["chest", "--artifact", "fp32={tmp}/named.onnx"],
        "no .onnx but a .tflite, by its bytes; rename it",
    ),
    "keras as artifact": (
        ["chest", "--artifact", "fp32={tmp}/net.keras"],
        "no .tflite; .* with --keras",
    ),
    "corrupt": (
        ["chest", "--artifact", A, "--artifact", "int8={tmp}/corrupt.tflite"],
        r"int8 \(.*/corrupt.tflite\) on runtime litert: ",
    ),
    "text input": (["chest", "--artifact", "x={tmp}/words.tflite"], "'words' takes text, and"),
    "text output": (
        ["chest", "--artifact", "x={tmp}/says.tflite"],
        "its output 'words' is text, and outputs must be numbers; move what",
    ),
    "does not run": (
        ["chest", "--artifact", "x={tmp}/overrun.tflite"],
        r"x \(.*/overrun.tflite\) on runtime litert: the runtime refuses it",
    ),
    "tflite as keras": (["chest", "--keras", "{tmp}/a.tflite"], "no .keras; it is a .tflite: give"),
    "h5 as keras": (["chest", "--keras", "{tmp}/net.h5"], "no .keras; load it with Keras and save"),
    "h5 as artifact": (["chest", "--artifact", "fp32={tmp}/net"], "it is HDF5, as a .h5 is: load"),
    "dicom": (["chest", "--artifact", "fp32={tmp}/scan"], "it is a DICOM image, and no network"),
    "nifti": (["chest", "--keras", "{tmp}/volume"], "it is a NIfTI volume, and no network"),
    "ort": (["chest", "--artifact", "fp32={tmp}/net.tflite"], "it is an .ort, ONNX Runtime's own"),
    "pt as onnx": (["chest", "--artifact", "fp32={tmp}/torch.onnx"], "it is PyTorch's, as a .pt"),
    "npz": (["chest", "--tflite", "{tmp}/arrays"], "it is an archive of arrays, as an .npz is"),
    "pickle": (["chest", "--keras", "{tmp}/pickled"], "it is a pickle, as an old .pt is: export"),
    "pt as keras": (["chest", "--keras", "{tmp}/net.pt"], "no .keras; export it to .onnx and give"),
    "no keras": (["chest", "--keras", "{tmp}/no.keras"], "No such file or directory; mend"),
    "keras as tflite": (["chest", "--tflite", "{tmp}/net.keras"], "no .tflite; .* with --keras"),
    "no SavedModel": (["chest", "--saved-model", "{tmp}/no"], "there is no such folder"),
    "other folder": (["chest", "--saved-model", "{tmp}/folder"], "it has no saved_model.pb"),
    "file of SavedModel": (
        ["chest", "--saved-model", "{tmp}/saved_model.pb"],
        "a SavedModel is a folder; name the SavedModel's folder",
    ),
    "taken": (["phantom-cnn", "--artifact", A], "models/phantom-cnn is a model of that name"),
    "taken here": (["old", "--artifact", A, "--models-dir", "{tmp}"], "old exists already, and is"),
    "in a model": (
        ["chest", "--artifact", A, "--models-dir", "{tmp}/old"],
        "old is a model itself; give the folder above it",
    ),
    "models file": (["chest", "--artifact", A, "--models-dir", "{tmp}/text"], "text is no folder"),
    "below a file": (
        ["chest", "--artifact", A, "--models-dir", "{tmp}/text/models"],
        "can't be made: Not a directory; choose another place",
    ),
    "unwritable": (
        ["chest", "--artifact", A, "--models-dir", "/proc/1"],
        "chest can't be made: .*; choose another place with --models-dir",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    init: Init, pair: list[str], tmp_path: Path, mistake: str
) -> None:
    (tmp_path / "empty.tflite").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("text", "net.onnx", "saved_model.pb"):
        (tmp_path / name).write_text("neither this nor that")
    for name in ("net.keras", "net.pt"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and so on")
    for name in ("net.h5", "net"):
        (tmp_path / name).write_bytes(b"\x89HDF and so on")
    (tmp_path / "scan").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "volume").write_bytes(bytes(344) + b"n+1\0")
    (tmp_path / "net.tflite").write_bytes(bytes(4) + b"ORTM")
    (tmp_path / "pickled").write_bytes(b"\x80\x02}q\x00.")
    for name, member in (("torch.onnx", "net/data.pkl"), ("arrays", "x.npy")):
        with ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, b"")
    (tmp_path / "named.onnx").write_bytes((tmp_path / "b.tflite").read_bytes())
    (tmp_path / "corrupt.tflite").write_bytes((tmp_path / "b.tflite").read_bytes()[:300])
    write_overrun(tmp_path / "overrun.tflite")
    write_text(tmp_path / "words.tflite")
    write_text(tmp_path / "says.tflite", taken=False)
    (tmp_path / "old").mkdir()
    (tmp_path / "old/model.toml").write_text("id = 'old'")
    before = everything(tmp_path)
    words, message = MISTAKES[mistake]
    done = init(*(word.replace("{tmp}", str(tmp_path)) for word in words))
    assert done.code == 2
    assert re.search(message, done.err), done.err
    assert done.err.startswith("edgeassay: ")
    assert len(done.err.strip().splitlines()) == 1
    assert done.out == ""
    assert everything(tmp_path) == before


def test_a_file_that_crashes_the_runtime_is_a_sentence(
    init: Init, pair: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = ("{python}", "-c", "import os; os.kill(os.getpid(), 11)")
    monkeypatch.setattr("edgeassay.starting.tensors.COMMAND", crash)
    done = init("chest", *pair)
    assert done.code == 2
    assert "fp32 (" in done.err
    assert "was killed by SIGSEGV" in done.err
    assert not (tmp_path / "models").exists()


def test_unrelated_networks_are_no_pair(init: Init, tmp_path: Path) -> None:
    write_classifier(tmp_path / "a.tflite", *brightness(3))
    write_classifier(tmp_path / "b.tflite", *brightness(4), int8=True)
    done = init("mix", *artifacts(fp32=tmp_path / "a.tflite", int8=tmp_path / "b.tflite"))
    assert done.code == 2
    assert (
        "are no forms of one network: their outputs have the shapes (1, 3) and (1, 4)" in done.err
    )
    assert not (tmp_path / "models").exists()


def test_an_interruption_leaves_nothing(
    init: Init, pair: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, *_: object) -> Tensors:
        assert path.is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr("edgeassay.starting.folder.inspect", interrupted)
    before = everything(tmp_path)
    assert init("chest", *pair, "--models-dir", str(tmp_path / "new/models")).code != 0
    assert everything(tmp_path) == before


def test_a_folder_that_appears_meanwhile_is_left_as_it_is(
    init: Init, pair: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = tmp_path / "models/chest/model.toml"

    def slow(path: Path, *_: object) -> Tensors:
        rival.parent.mkdir(parents=True, exist_ok=True)
        rival.write_text("theirs")
        return Tensors(inputs=(tensor("x", (1, 4)),), outputs=(tensor("y", (1,)),))

    monkeypatch.setattr("edgeassay.starting.folder.inspect", slow)
    done = init("chest", *pair)
    assert done.code == 2
    assert "can't be made" in done.err
    assert rival.read_text() == "theirs"
    assert [p.name for p in tmp_path.rglob(".*")] == []


def test_a_file_that_would_not_load_is_never_left(
    init: Init, pair: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeassay.starting.folder.model_toml", str)
    assert init("chest", *pair).code == 2
    assert not (tmp_path / "models").exists()


def test_every_claim_that_needs_no_data_is_made(
    init: Init, pair: list[str], tmp_path: Path
) -> None:
    init("chest", *pair)
    claimed = {rule.claim for rule in made(tmp_path, "chest")[0].limits}
    assert claimed == {
        ClaimName.LOADS,
        ClaimName.FINITE_OUTPUTS,
        ClaimName.SIZE_RATIO,
        ClaimName.LATENCY_RATIO,
        ClaimName.MEAN_AUC_DROP,  # unmeasured, and so not forgotten
    }
