"""What is kept of a training, and what it is done with: never a test image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.config import load_model
from edgeassay.errors import ArtifactError, DataError
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, Training, VariantSpec
from edgeassay.training.checkpoints import read_state, save_state
from edgeassay.training.fine_tuning import Epoch, State
from edgeassay.training.material import load_material
from edgeassay.training.objective import mean_auc, positive_weights
from edgeassay.variants.trained import Trained, pack, read_trained, training_of, unpack
from suites.meta.project import Project

SETTINGS = Training(epochs=2, learning_rate=0.1, images=20)
VARIANT = VariantSpec(method="int8-qat", weights="a.npz", exclude=("x_*",), training=SETTINGS)
ARRAYS = {"a/kernel": np.arange(6, dtype=np.float32), "a/step": np.array(3)}


def kept(path: Path, source: str = "s") -> Trained:
    made = Trained(arrays=ARRAYS, facts=training_of(VARIANT, source) | {"epoch": 1})
    path.write_bytes(pack(made))
    return made


def test_the_same_training_is_the_same_bytes_and_comes_back(tmp_path: Path) -> None:
    made = kept(tmp_path / "a.npz")
    assert pack(made) == pack(Trained(arrays=dict(ARRAYS), facts=dict(made.facts)))
    back = read_trained(tmp_path / "a.npz", "m", "v", training_of(VARIANT, "s"))
    assert back.facts == made.facts
    assert {n: a.tolist() for n, a in back.arrays.items()} == {
        n: a.tolist() for n, a in ARRAYS.items()
    }


@pytest.mark.parametrize(
    ("variant", "source", "said"),
    [
        (VARIANT, "other", "belongs to another network"),
        (replace(VARIANT, per_tensor=True), "s", "per_tensor False, now True"),
        (replace(VARIANT, exclude=()), "s", "exclude \\['x_\\*'\\], now \\[\\]"),
        (replace(VARIANT, training=Training(epochs=2, learning_rate=0.1)), "s", "images 20, now"),
    ],
)
def test_what_was_trained_otherwise_is_refused(
    tmp_path: Path, variant: VariantSpec, source: str, said: str
) -> None:
    kept(tmp_path / "a.npz")
    with pytest.raises(ArtifactError, match=said):
        read_trained(tmp_path / "a.npz", "m", "v", training_of(variant, source))


def test_an_archive_of_objects_or_of_gigabytes_is_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="Python objects"):
        unpack(path)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match=r"no facts\.json"):
        unpack(path)
    kept(path)
    monkeypatch.setattr("edgeassay.variants.trained.MOST_BYTES", 100)
    with pytest.raises(ValueError, match="unpacks to more"):
        unpack(path)


def test_a_checkpoint_is_only_of_the_training_that_it_was_kept_for(tmp_path: Path) -> None:
    epochs = tuple(
        Epoch(number=n, loss=n / 2 if n else None, quality=a) for n, a in enumerate((1, 0))
    )
    state = State(epochs=epochs, network=ARRAYS, optimizer={"0": np.zeros(2)}, best=ARRAYS)
    path = tmp_path / "state.npz"
    save_state(path, state, {"seed": 1})
    back = read_state(path, {"seed": 1})
    assert back is not None
    assert back.epochs == epochs
    assert back.optimizer["0"].tolist() == [0, 0]
    assert read_state(path, {"seed": 2}) is None
    path.write_bytes(path.read_bytes()[:300])
    assert read_state(path, {"seed": 1}) is None
    assert read_state(tmp_path / "none.npz", {"seed": 1}) is None


def test_the_first_of_the_best_epochs_is_chosen_and_none_before_training() -> None:
    aucs = (0.9, 0.5, 0.7, 0.7, 0.6)
    epochs = tuple(Epoch(number=n, loss=None, quality=auc) for n, auc in enumerate(aucs))
    assert State(epochs=epochs, network={}, optimizer={}, best={}).chosen.number == 2


def model_of(project: Project) -> ModelSpec:
    return load_model(project.folder / "models/tiny", project.folder)


def test_training_reads_no_test_image_and_a_drawn_part(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEASSAY_DATA", str(project.data))
    text = (project.data / "spots/labels.csv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.endswith(",test"):
            (project.data / "spots" / line.partition(",")[0]).write_bytes(b"no image")
    material, digest = load_material(model_of(project), SETTINGS, silent)
    assert material.images.shape == (20, 8, 8, 1)
    assert len(material.held_out) == len(material.held_out_labels) > 40
    assert load_material(model_of(project), SETTINGS, silent)[1] == digest
    more = Training(epochs=2, learning_rate=0.1)
    every, other = load_material(model_of(project), more, silent)
    assert len(every.images) == text.count(",train\n")
    assert other != digest


def test_a_split_that_teaches_nothing_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEASSAY_DATA", str(project.data))
    path = project.data / "spots/labels.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    same = [x.replace("dark", "bright") if x.endswith(",train") else x for x in lines]
    path.write_text("\n".join(same), encoding="utf-8")
    with pytest.raises(DataError, match="in split 'train', so nothing can be learned"):
        load_material(model_of(project), SETTINGS, silent)


def test_both_kinds_weigh_the_same_and_a_class_of_one_kind_counts_for_nothing() -> None:
    labels = np.array([[1, 0], [0, 0], [0, 0], [0, 0]], np.int8)
    assert positive_weights(labels).tolist() == [3.0, 1.0]
    scores = np.array([[0.9, 0.1], [0.1, 0.2], [0.2, 0.3], [0.95, 0.4]], np.float32)
    assert mean_auc(labels, scores) == pytest.approx(2 / 3)
