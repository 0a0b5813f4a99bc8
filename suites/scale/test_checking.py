"""A look at a whole data set: what it counts, and that it finds what is wrong with one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.datasets import Split
from edgeassay.datasets.checking import DataReport, check_data
from edgeassay.datasets.split import Members, members_of
from edgeassay.errors import DataError, EdgeassayError
from edgeassay.progress import silent
from edgeassay.spec import Role
from suites.meta.project import Project, edgeassay

Pictures = Sequence[npt.NDArray[Any] | None]
RNG = np.random.default_rng(11)


@dataclass
class Held:
    """A data set whose pictures are in memory; None is one that can't be read."""

    splits: Mapping[Role, Split]
    unused: Sequence[Split] = ()
    where: str = "held"
    classes: Sequence[str] = field(default=("sick",))

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        return members_of(self.splits)


def split(name: str, pictures: Pictures) -> Split:
    def pixels(index: int) -> npt.NDArray[Any]:
        picture = pictures[index]
        if picture is None:
            raise DataError(f"{name}-{index} is torn")
        return picture

    return Split(
        name=name,
        names=[f"{name}-{index:03d}" for index in range(len(pictures))],
        labels=(np.arange(len(pictures)) % 2).astype(np.int8)[:, np.newaxis],
        patients=[f"{name}-{index // 2}" for index in range(len(pictures))],
        load=lambda index: Image.fromarray(pixels(index)),
        digest=lambda index: pixels(index).tobytes()[:32],
    )


def noise(count: int, side: int = 32) -> list[npt.NDArray[np.uint8]]:
    return list(RNG.integers(0, 256, (count, side, side)).astype(np.uint8))


def look(similarity: float = 0.995, unused: Pictures = (), **pictures: Pictures) -> DataReport:
    """Check `train=…, evaluation=…` and so on."""
    splits = {Role(role): split(role, held) for role, held in pictures.items()}
    others = [split("spare", unused)] if unused else []
    return check_data(Held(splits, others), similarity=similarity, report=silent)


def named(found: DataReport) -> set[tuple[str, str]]:
    return {(pair.first, pair.second) for pair in found.alike.pairs}


def test_splits_are_counted() -> None:
    training = split("both", noise(7))
    splits = {
        Role.TRAIN: training,
        Role.CALIBRATION: training,
        Role.EVALUATION: split("e", noise(4)),
    }
    spare = replace(split("spare", noise(3)), patients=None)
    found = check_data(Held(splits, [spare]), similarity=0.9, report=silent)
    facts = [(s.name, list(s.roles), s.images, s.patients, s.positives) for s in found.splits]
    assert facts == [
        ("both", [Role.TRAIN, Role.CALIBRATION], 7, 4, [3]),
        ("e", [Role.EVALUATION], 4, 2, [2]),
        ("spare", [], 3, None, [1]),
    ]
    assert found.as_declared
    assert found.separate
    assert found.alike.count == 0


@pytest.mark.parametrize("block", [3, 2048])
def test_pairs_are_those_that_correlate(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("edgeassay.datasets.alike.BLOCK_IMAGES", block)
    base = RNG.normal(128, 25, (3, 32, 32))
    pictures = {
        role: [
            np.clip(base[i % 3] + RNG.normal(0, 3 + i, (32, 32)), 0, 255).astype(np.uint8)
            for i in range(8)
        ]
        for role in ("train", "validation", "evaluation")
    }
    found = look(0.97, **pictures)
    flat = {
        f"{role}-{i:03d}": picture.reshape(-1)
        for role, held in pictures.items()
        for i, picture in enumerate(held)
    }
    correlations = {
        (a, b): float(np.corrcoef(flat[a], flat[b])[0, 1])
        for a in flat
        for b in flat
        if list(pictures).index(a[:-4]) < list(pictures).index(b[:-4])
    }
    wanted = {pair: value for pair, value in correlations.items() if value > 0.97}
    assert 5 < len(wanted) < 20
    assert named(found) == set(wanted)
    for pair in found.alike.pairs:
        assert pair.correlation == pytest.approx(wanted[pair.first, pair.second], abs=1e-4)
        assert not pair.identical
    assert found.alike.count == len(wanted)
    touching = {pair for pair in wanted if pair[1].startswith("evaluation")}
    assert found.alike.evaluation_count == len(touching)
    assert not found.separate
    gravest = [pair.touches_evaluation for pair in found.alike.pairs]
    assert gravest == sorted(gravest, reverse=True)


def test_another_size_brightness_and_depth_is_still_the_same_picture() -> None:
    small = RNG.integers(20, 90, (32, 32)).astype(np.uint8)
    large = np.kron(small, np.ones((4, 4), np.uint8)) * 2 + 9
    deep = small.astype(np.uint16) * 500
    found = look(train=[*noise(3), large], validation=[deep], evaluation=[*noise(2), small])
    assert named(found) == {
        ("train-003", "evaluation-002"),
        ("validation-000", "evaluation-002"),
        ("train-003", "validation-000"),
    }
    assert found.alike.evaluation_count == 2


def test_pairs_beside_evaluation_are_listed_and_decide_nothing() -> None:
    twin = noise(1)
    found = look(train=[*noise(2), *twin], unused=twin, evaluation=noise(4))
    assert named(found) == {("train-002", "spare-000")}
    assert found.alike.evaluation_count == 0
    assert found.separate


def test_equal_bytes_are_told_from_equal_looks_and_within_a_split_nothing_is() -> None:
    twin = noise(1)[0]
    near = np.clip(twin.astype(int) + 1, 0, 255).astype(np.uint8)
    found = look(1.0, train=[twin, twin], evaluation=[twin, near, near])
    assert [(p.first, p.second, p.identical) for p in found.alike.pairs] == [
        ("train-000", "evaluation-000", True),
        ("train-001", "evaluation-000", True),
    ]
    found = look(0.995, train=[twin, twin], evaluation=[twin, near, near])
    assert found.alike.count == 6
    assert sum(pair.identical for pair in found.alike.pairs) == 2


def test_images_of_one_grey_are_like_those_of_the_same_grey_alone() -> None:
    def plain(grey: int, kind: type[np.uint8] = np.uint8) -> npt.NDArray[Any]:
        return np.full((20, 20), grey, kind)

    deep: Any = np.uint16
    found = look(
        train=[plain(0), plain(7), *noise(1)],
        evaluation=[plain(7), plain(8), plain(7 * 257, deep), *noise(1)],
    )
    assert named(found) == {("train-001", "evaluation-000"), ("train-001", "evaluation-002")}
    assert {pair.correlation for pair in found.alike.pairs} == {1.0}


def test_of_many_pairs_the_gravest_are_kept_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgeassay.datasets.alike.BLOCK_IMAGES", 7)
    twin = noise(1)[0]
    near = np.clip(twin.astype(int) + 1, 0, 255).astype(np.uint8)
    found = look(train=[near] * 30, validation=[twin] * 20, evaluation=[near] * 8 + [twin])
    assert found.alike.count == 30 * 20 + 30 * 9 + 20 * 9
    assert found.alike.evaluation_count == 30 * 9 + 20 * 9
    assert len(found.alike.pairs) == 20
    assert all(pair.identical and pair.touches_evaluation for pair in found.alike.pairs)


def test_unreadable_images_are_all_named_and_like_nothing() -> None:
    found = look(train=[None, *noise(150), None], evaluation=[*noise(3), None])
    assert [(u.split, u.name, u.reason) for u in found.unreadable] == [
        ("train", "train-000", "train-0 is torn"),
        ("train", "train-151", "train-151 is torn"),
        ("evaluation", "evaluation-003", "evaluation-3 is torn"),
    ]
    assert not found.as_declared
    assert found.separate


def test_shared_patients_and_one_sided_classes_are_said() -> None:
    evaluation = split("evaluation", noise(4))
    train = replace(split("train", noise(4)), patients=["a", "b", "c", "evaluation-1"])
    found = check_data(
        Held({Role.TRAIN: train, Role.EVALUATION: evaluation}), similarity=0.9, report=silent
    )
    assert found.overlap is not None
    assert "share 1 patients (evaluation-1)" in found.overlap
    assert not found.separate
    assert found.as_declared
    positive = replace(evaluation, labels=np.ones((4, 1), np.int8))
    found = check_data(Held({Role.EVALUATION: positive}), similarity=0.9, report=silent)
    assert found.one_sided is not None
    assert "all 4 images of split 'evaluation' are positive" in found.one_sided
    assert not found.as_declared


# --- the command


def check(project: Project, *words: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command, run in this process."""
    folder = f"--models-dir={project.folder / 'models'}"
    environment = {"EDGEASSAY_DATA": str(project.data), "COLUMNS": "100"} | environment
    done = CliRunner().invoke(app, ["check-data", "tiny", folder, *words], env=environment)
    if isinstance(done.exception, EdgeassayError):
        return 2, done.stdout, f"edgeassay: {done.exception}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_good_data_set_is_fine(project: Project) -> None:
    code, out, _ = check(project)
    assert code == 0
    assert re.search(r"train +│ train +│ +54 │ +27", out)
    assert re.search(r"test +│ evaluation +│ +158 │ +79", out)
    assert re.search(r"bright +│ +\d+ / \d+ \(\d+\.\d%\)", out)
    assert "320 images, 0 unreadable; evaluation shares no patient; 0 pairs" in out


def test_images_that_are_nearly_black_or_of_fewer_bits_are_counted_by_split(
    project: Project,
) -> None:
    images = project.data / "spots/images"
    for name in ("000", "001", "006"):
        pixels = np.asarray(Image.open(images / f"{name}.png")).astype(np.uint16)
        Image.fromarray(pixels * 16).save(images / f"{name}.png")
    code, out, _ = check(project)
    assert code == 0
    assert "never reach a tenth of `white` in [preprocess]: 3 of 320 (train 2, test 1)" in out
    assert re.search(r"images of 8 bits among images of 16 bits: 317 of 320 \(.*test 157", out)
    model = project.folder / "models/tiny/model.toml"
    text = model.read_text().replace("[preprocess]", "[preprocess]\nwhite = 4080")
    model.write_text(text)
    assert "never reach a tenth of `white` in [preprocess]: 317 of 320" in check(project)[1]


def test_8_bits_in_one_split_and_16_in_another_are_told() -> None:
    deep = [picture.astype(np.uint16) * 256 for picture in noise(3)]
    found = look(train=noise(4), evaluation=deep)
    assert [(split.dark, split.shallow) for split in found.splits] == [(0, 4), (0, 0)]
    found = look(train=noise(4), evaluation=noise(3))
    assert [split.shallow for split in found.splits] == [0, 0]


def test_parts_of_image_files_are_used_as_the_model_declares(project: Project) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = project.data / "spots/images/006.png"
    Image.open(path).save(path, exif=exif)
    code, out, _ = check(project)
    assert code == 2
    assert "say with `orientation` in [preprocess]" in out
    model = project.folder / "models/tiny/model.toml"
    model.write_text(
        model.read_text().replace("[preprocess]", '[preprocess]\norientation = "exif"')
    )
    code, out, _ = check(project)
    assert code == 0
    assert "320 images, 0 unreadable" in out


def test_a_picture_in_two_splits_is_exit_code_1(project: Project) -> None:
    images = project.data / "spots/images"
    shutil.copy(images / "000.png", images / "006.png")
    code, out, _ = check(project)
    assert code == 1
    assert re.search(r"images/000\.png +│ train +│ images/006\.png +│ test +│ equal bytes", out)
    assert "1 pairs across splits equal or above 0.995, 1 of them with evaluation" in out


def test_the_threshold_is_an_option(project: Project) -> None:
    code, out, _ = check(project, "--similarity", "0.3")
    assert code == 1
    assert re.search(r"alike: [\d,]+ more pairs", out)
    assert check(project, "--similarity", "2")[0] == 2


def test_a_shared_patient_is_exit_code_1(project: Project) -> None:
    table = project.data / "spots/labels.csv"
    table.write_text(table.read_text().replace("p003", "p000"))
    code, out, _ = check(project)
    assert code == 1
    assert "share 1 patients (p000)" in out
    assert "evaluation shares images or patients" in out


def test_unreadable_images_are_exit_code_2_and_ten_are_shown(project: Project) -> None:
    for number in range(13):
        (project.data / f"spots/images/{number:03d}.png").write_bytes(b"torn [red]")
    code, out, _ = check(project)
    assert code == 2
    assert out.count("can't be read as an image") == 10
    assert "unreadable: 3 more" in out
    assert "320 images, 13 unreadable" in out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",dark,p003", ",Dark,p003", "differ only in case or blanks"),
        ("images/006.png", "images/none.png", "none.png doesn't exist, and line 8"),
    ],
)
def test_a_table_that_is_not_as_declared_is_exit_code_2(
    project: Project, old: str, new: str, words: str
) -> None:
    table = project.data / "spots/labels.csv"
    assert old in table.read_text()
    table.write_text(table.read_text().replace(old, new))
    code, out, err = check(project)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.strip().splitlines()) == 1


def test_a_class_with_one_side_is_exit_code_2(project: Project) -> None:
    table = project.data / "spots/labels.csv"
    table.write_text(table.read_text().replace(",dark,", ",bright,"))
    code, out, _ = check(project)
    assert code == 2
    assert "all 158 images of split 'test' are positive" in out


def test_absent_data_is_exit_code_4(project: Project) -> None:
    code, out, err = check(project, EDGEASSAY_DATA="")
    assert (code, out) == (4, "")
    assert "set EDGEASSAY_DATA" in err
    shutil.rmtree(project.data / "spots")
    code, _, err = check(project)
    assert code == 4
    assert "has no folder 'spots'" in err


def test_a_model_without_data_or_of_no_known_name_is_exit_code_2(project: Project) -> None:
    done = edgeassay("check-data", "tinny", f"--models-dir={project.folder / 'models'}")
    assert done.returncode == 2
    assert "did you mean 'tiny'" in done.stderr
    model = project.folder / "models/tiny/model.toml"
    text = re.sub(r"\[data\].*?(?=\[preprocess\])", "", model.read_text(), flags=re.DOTALL)
    text = re.sub(r"int8 = .*\n", "", text).split("[limits.int8]")[0]
    model.write_text(text.replace("min_auc = 0.7\nmean_auc_drop = 0.05\n", ""))
    code, _, err = check(project)
    assert code == 2
    assert "has no [data] to check" in err


def test_the_help_says_what_the_exit_codes_mean() -> None:
    shown = edgeassay("check-data", "--help").stdout
    assert "Exit codes" in shown
    assert "--similarity" in shown
    assert "0.995" in shown
