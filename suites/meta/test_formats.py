"""A model's variants may be of two formats: which runtime takes which, what is compared with what,
and where an image's channels go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.ab.cases import Matched, Ways, match
from edgeassay.ab.sides import Asked, open_side
from edgeassay.artifacts import foreign_artifact, read_artifact
from edgeassay.build import export, prebuilt_path
from edgeassay.claims.time import latency_ratio
from edgeassay.errors import Absent, ArtifactError, ConfigError, MeasurementError
from edgeassay.evidence import Evidence
from edgeassay.matrix import Plan
from edgeassay.measure.fit import check_alike, check_fits
from edgeassay.measure.latency import stack_of
from edgeassay.onnx_file import kept_elsewhere
from edgeassay.preprocess import fits, input_shape, laid_out
from edgeassay.progress import silent
from edgeassay.spec import FORMATS, Case, ClaimName, Preprocess, RuntimeSpec
from edgeassay.workers import Loaded, TensorSpec
from suites.meta.project import MODEL_TOML
from suites.meta.test_matrix import make
from suites.meta.tinymodels import brightness, write_classifier

FILES = Path(__file__).resolve().parent.parent / "runtimes" / "onnx"

WHOLE = '{ method = "fp32" }'
PART = '{ method = "int8", calibration_images = 8 }'


def model(fp32: str = WHOLE, int8: str = PART, runtimes: str = "litert = {}") -> str:
    return MODEL_TOML.replace(WHOLE, fp32).replace(PART, int8).replace("litert = {}", runtimes)


BOTH = 'litert = {}\nonnxruntime = { engine = "onnxruntime" }'
MIXED = model('{ artifact = "fp32.onnx" }', runtimes=BOTH)


def cases(made: Plan) -> set[tuple[str, str]]:
    return {(case.variant, case.runtime) for case in made.cases}


def test_each_variant_runs_where_its_format_is_taken(tmp_path: Path) -> None:
    assert cases(make(tmp_path, MIXED)) == {("fp32", "onnxruntime"), ("int8", "litert")}
    asked = make(tmp_path, MIXED, wanted_runtimes=["tflite-runtime", "litert"])
    assert cases(asked) == {("int8", "tflite-runtime"), ("int8", "litert")}


def test_the_reference_runs_where_it_can(tmp_path: Path) -> None:
    made = make(tmp_path, MIXED)
    candidate = Case(model="tiny", variant="int8", runtime="litert", device="bench")
    reference = made.reference_of(candidate)
    assert (reference.variant, reference.runtime) == ("fp32", "onnxruntime")
    assert made.reference_of(reference) == reference
    alike = make(tmp_path, model(runtimes="fast = { threads = 2 }\nlitert = {}"))
    for runtime in ("fast", "litert"):
        case = Case(model="tiny", variant="int8", runtime=runtime, device="bench")
        assert alike.reference_of(case).runtime == runtime


def test_parity_is_with_a_runtime_that_takes_the_artifact(tmp_path: Path) -> None:
    runtimes = (
        BOTH
        + '\nslow = { engine = "onnxruntime", threads = 2 }\nold = { engine = "tflite-runtime" }'
    )
    text = model('{ artifact = "fp32.onnx" }', runtimes=runtimes)
    made = make(tmp_path, text.replace("loads = true", "loads = true\nparity_difference = 0.1"))
    claims = [c.case for c in made.claims if c.name is ClaimName.PARITY_DIFFERENCE]
    assert {(c.variant, c.runtime) for c in claims} == {("fp32", "slow"), ("int8", "old")}
    others = [made.parity_of(case) for case in claims]
    assert {other.runtime for other in others if other} == {"onnxruntime", "litert"}


def test_what_no_runtime_takes_and_what_takes_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"takes variants.fp32, a .onnx; add onnxruntime = \{"):
        make(tmp_path, model('{ artifact = "fp32.onnx" }'))
    with pytest.raises(ConfigError, match=r"runtimes\.onnxruntime takes \.onnx files, and no"):
        make(tmp_path, model(runtimes=BOTH))
    with pytest.raises(ConfigError, match="nothing to judge: no runtime of onnxruntime"):
        make(tmp_path, wanted_runtimes=["onnxruntime"])


@pytest.mark.parametrize("options", ['kernels = "reference"', 'accelerator = "gpu"'])
def test_what_onnxruntime_has_not_is_refused(tmp_path: Path, options: str) -> None:
    runtime = BOTH.replace('"onnxruntime" }', f'"onnxruntime", {options} }}')
    with pytest.raises(ConfigError, match="leave `kernels` and `accelerator` out"):
        make(tmp_path, model('{ artifact = "fp32.onnx" }', runtimes=runtime))


def test_the_stack_says_what_ran_it_and_no_kernels_it_has_not() -> None:
    worker = {"runtime": "onnxruntime", "runtime_version": "1", "delegate": "CPUExecutionProvider"}
    stack = stack_of(RuntimeSpec(engine="onnxruntime"), worker)
    assert str(stack.delegate) == "CPUExecutionProvider"


def test_times_of_two_runtimes_give_no_ratio(tmp_path: Path) -> None:
    made = make(tmp_path, MIXED)
    (claim,) = [c for c in made.claims if c.name is ClaimName.LATENCY_RATIO]
    evidence = cast(Evidence, SimpleNamespace(rig=SimpleNamespace(plan=made)))
    with pytest.raises(Absent, match="fp32 is of another format and runs on onnxruntime"):
        latency_ratio(evidence, claim)


def test_a_folder_of_artifacts_has_one_file_for_a_variant(tmp_path: Path) -> None:
    folder, out = tmp_path / "own", tmp_path / "out"
    folder.mkdir()
    for suffix in FORMATS:
        (folder / f"fp32{suffix}").write_bytes(suffix.encode())
        given = foreign_artifact(folder / f"fp32{suffix}", "tiny", "fp32", None, {})
        assert export(given, out) == prebuilt_path(out, "tiny", "fp32", suffix)
        assert [path.suffix for path in (out / "tiny").iterdir()] == [suffix]


def test_weights_in_another_file_are_seen_and_no_artifact(tmp_path: Path) -> None:
    whole, part = (FILES / f"{name}.onnx" for name in ("fp32", "elsewhere"))
    assert kept_elsewhere(whole.read_bytes()) is None
    assert kept_elsewhere(part.read_bytes()) == "elsewhere.onnx.data"
    for damaged in (b"", b"\x08", part.read_bytes()[:-9], b"\xff" * 40, b"TFL3" * 9):
        assert kept_elsewhere(damaged) is None
    with pytest.raises(ArtifactError, match="save both as one"):
        read_artifact(part, "tiny", "fp32")
    with pytest.raises(ArtifactError, match="save both as one"):
        foreign_artifact(part, "tiny", "fp32", None, {})


def side(path: Path, tmp_path: Path) -> Any:
    asked = Asked(models=[], variants=[], scratch=tmp_path, report=silent)
    return open_side(str(path), asked, tmp_path)


WAYS = Ways(models={}, device="bench")


def compared(base: Path, head: Path, tmp_path: Path, ways: Ways = WAYS) -> Matched:
    return match(side(base, tmp_path), side(head, tmp_path), ways)


@pytest.fixture
def tflite(tmp_path: Path) -> Path:
    path = tmp_path / "b.tflite"
    write_classifier(path, *brightness(), int8=True)
    return path


def test_files_are_compared_each_on_what_takes_it(tmp_path: Path, tflite: Path) -> None:
    onnx = FILES / "fp32.onnx"
    for base, head, names in (
        (onnx, FILES / "int8.onnx", ("onnxruntime", "onnxruntime")),
        (onnx, tflite, ("onnxruntime", "litert")),
        (tflite, onnx, ("litert", "onnxruntime")),
    ):
        found = compared(base, head, tmp_path)
        (contest,) = found.contests
        assert (contest.base_runtime, contest.head_runtime) == names
        assert (found.missing, found.new) == ([], [])
    (contest,) = compared(onnx, tflite, tmp_path, replace(WAYS, head="litert-builtin")).contests
    assert (contest.base_runtime, contest.head_runtime) == ("onnxruntime", "litert-builtin")
    with pytest.raises(ConfigError, match="of the format that litert takes"):
        compared(onnx, tflite, tmp_path, replace(WAYS, both="litert"))


def test_a_variant_that_changes_its_format_is_missing_where_it_was(
    tmp_path: Path, tflite: Path
) -> None:
    for name, file in (("base", tflite), ("head", FILES / "fp32.onnx")):
        (tmp_path / name / "tiny").mkdir(parents=True)
        (tmp_path / name / "tiny" / f"fp32{file.suffix}").write_bytes(file.read_bytes())
    found = compared(tmp_path / "base", tmp_path / "head", tmp_path)
    assert not found.contests
    assert found.missing == ["tiny/fp32 on litert"]
    assert found.new == ["tiny/fp32 on onnxruntime"]
    (tmp_path / "head/tiny/fp32.tflite").write_bytes(tflite.read_bytes())
    with pytest.raises(ConfigError, match="are both tiny/fp32; remove the one"):
        side(tmp_path / "head", tmp_path)


def test_a_tflite_by_another_name_is_no_onnx(tmp_path: Path, tflite: Path) -> None:
    renamed = tflite.rename(tmp_path / "b.onnx")
    with pytest.raises(ConfigError, match=r"is no \.onnx; give one"):
        side(renamed, tmp_path)


def artifact(*, taken: Sequence[int], given: Sequence[int] = (1, 2)) -> Loaded:
    def tensor(shape: Sequence[int]) -> TensorSpec:
        dtype = np.dtype("float32")
        return TensorSpec(name="t", shape=tuple(shape), dtype=dtype, scale=0.0, zero_point=0)

    inputs, outputs = (tensor(taken),), (tensor(given),)
    return Loaded(handle="", label="net", sha256="", inputs=inputs, outputs=outputs)


@pytest.mark.parametrize("channels", ["last", "first"])
@pytest.mark.parametrize(("color", "size"), [("rgb", (4, 5)), ("grey", (4, 5)), ("rgb", (3, 3))])
def test_images_are_laid_out_as_the_artifact_takes_them(
    channels: str, color: str, size: tuple[int, int]
) -> None:
    settings = Preprocess(color=color, size=size, channels=channels)  # type: ignore[arg-type]
    shape = input_shape(settings)
    images = np.random.default_rng(1).uniform(size=(2, *shape)).astype(np.float32)
    assert laid_out(images, settings, (1, *shape)) is images
    other = Preprocess(
        color=settings.color, size=size, channels="first" if channels == "last" else "last"
    )
    turned = laid_out(images, settings, (1, *input_shape(other)))
    assert turned.shape[1:] == input_shape(other)
    if size == (3, 3):  # it fits both ways, and what is declared decides
        assert turned is images
    elif channels == "last":
        assert np.array_equal(turned, np.moveaxis(images, 3, 1))
    else:
        assert np.array_equal(turned, np.moveaxis(images, 1, 3))


def test_an_artifact_fits_with_its_channels_in_either_place_and_in_no_other() -> None:
    settings = Preprocess(color="rgb", size=(4, 5))
    for shape in ((1, 4, 5, 3), (1, 3, 4, 5)):
        assert fits(settings, shape)
        check_fits(artifact(taken=shape), settings, 2, "model.toml")
    others = [(1, 5, 4, 3), (1, 4, 3, 5), (1, 3, 5, 4), (2, 4, 5, 3), (4, 5, 3)]
    assert not any(fits(settings, other) for other in others)


def test_a_detector_is_no_classifier() -> None:
    settings = Preprocess(color="rgb", size=(4, 5))
    with pytest.raises(MeasurementError, match=r"of another size each time.*leave \[data\] out"):
        check_fits(artifact(taken=(1, 4, 5, 3), given=(-1, 2)), settings, 2, "model.toml")


def test_forms_of_one_network_may_have_their_channels_elsewhere() -> None:
    last, first = artifact(taken=(1, 4, 5, 3)), artifact(taken=(1, 3, 4, 5))
    check_alike(last, first)
    check_alike(first, last)
