"""Slimmable networks: every width is cut from the same weights, and learns with the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import DataError
from edgeassay.networks import load_network
from edgeassay.slimming import Shape, Slimmable, SlimSchedule, read_slimmable, sub_network
from edgeassay.slimming.archive import ARCHIVE, export, write_slimmable
from edgeassay.slimming.forward import scores_of
from edgeassay.slimming.shape import fresh_arrays, sliced
from edgeassay.slimming.training import learn
from edgeassay.stats import class_aucs
from suites.meta import commands

commands.needs("tensorflow", reason="training needs the [build] extra")

MODEL = Path(__file__).resolve().parents[2] / "models" / "pneumonia-slimmable"
SHAPE = Shape(image=(12, 12, 1), classes=1, channels=(4, 8), widths=(25, 50, 100))
SCHEDULE = SlimSchedule(
    channels=SHAPE.channels,
    widths=SHAPE.widths,
    epochs=6,
    batch=16,
    learning_rate=1e-2,
    shift=0.0,
    seed=3,
)


def test_every_committed_width_is_cut_from_the_one_archive_bit_by_bit() -> None:
    network = read_slimmable(MODEL / ARCHIVE)
    assert network.shape.widths == (25, 50, 75, 100)
    for width in network.shape.widths:
        kept = load_network(MODEL / f"width-{width}.keras").get_weights()
        wanted = sliced(network.arrays, network.shape, width)
        assert len(kept) == len(wanted)
        for one, other in zip(kept, wanted, strict=True):
            assert one.dtype == np.float32
            assert one.tobytes() == np.ascontiguousarray(other).tobytes()


def test_what_is_committed_is_small() -> None:
    files = [*MODEL.glob("*.keras"), MODEL / ARCHIVE]
    assert len(files) == 5
    assert sum(file.stat().st_size for file in files) <= 2 << 20


@pytest.mark.parametrize("width", [25, 75])
def test_an_exported_width_says_what_it_said_among_the_others(width: int) -> None:
    network = read_slimmable(MODEL / ARCHIVE)
    images = np.random.default_rng(1).random((4, *network.shape.image), np.float32)
    exported = load_network(MODEL / f"width-{width}.keras").predict(images, verbose=0)
    assert np.abs(exported - scores_of(network, width, images)).max() < 1e-5
    assert np.ptp(exported) > 0.0


def spots(images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, with a bright square where the label says so."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((images, 1)) < 0.5).astype(np.int8)
    made = rng.random((images, *SHAPE.image), np.float32)
    made[:, 3:8, 3:8] += 0.8 * labels[:, :, None, None]
    return made, labels


@pytest.mark.long
def test_all_widths_learn_and_the_same_seed_gives_the_same_weights() -> None:
    told: list[str] = []
    held_out = spots(100, 2)
    made = [
        learn(SHAPE, SCHEDULE, material=spots(192, 1), held_out=held_out, say=told.append)
        for _ in range(2)
    ]
    assert len(told) == 2 * SCHEDULE.epochs
    assert told[: SCHEDULE.epochs] == told[SCHEDULE.epochs :]
    for name, array in made[0].arrays.items():
        assert np.array_equal(array, made[1].arrays[name]), name
    for width in SHAPE.widths:
        auc = class_aucs(held_out[1], scores_of(made[0], width, held_out[0]))[0]
        assert auc > 0.9, width


# Keras's own, where it saves.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_archive_comes_back_and_one_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    network = Slimmable(shape=SHAPE, arrays=fresh_arrays(SHAPE, 1))
    kept = write_slimmable(tmp_path / ARCHIVE, network)
    assert kept.shape == SHAPE
    assert [path.name for path in export(kept, tmp_path)] == [
        "width-25.keras",
        "width-50.keras",
        "width-100.keras",
    ]
    assert sub_network(kept, 50).output_shape == (None, 1)
    (tmp_path / "torn.npz").write_bytes((tmp_path / ARCHIVE).read_bytes()[:500])
    with pytest.raises(DataError, match=r"torn.npz: no slimmable network"):
        read_slimmable(tmp_path / "torn.npz")
    lacking = replace(network, arrays={k: v for k, v in kept.arrays.items() if "dense" not in k})
    with pytest.raises(DataError, match="'dense/kernel' is missing"):
        write_slimmable(tmp_path / "lacking.npz", lacking)
    wrong = {**kept.arrays, "dense/bias": np.zeros(3, np.float32)}
    with pytest.raises(DataError, match=r"dense/bias has the shape \(3,\), not \(1,\)"):
        write_slimmable(tmp_path / "wrong.npz", replace(network, arrays=wrong))
