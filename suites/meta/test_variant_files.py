"""A variant in a file of its own, and recipes: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeassay.config import load_model
from edgeassay.errors import ConfigError
from suites.meta.project import MODEL_TOML

LAYERS = """
others = "int8"
layers = { "logits" = "float" }
"""
MIXED = f"""
method = "mixed"{LAYERS}calibration_images = 8
"""

MISTAKES = [
    ('"int8"', '"int9"', "others = 'int9' is no precision; known: float, w8, w4, drq"),
    ('"float"', '"flot"', "layers.logits = 'flot' is no precision; known: float"),
    ("others", "other", "unknown key 'other'; did you mean 'others'?"),
    ('"mixed"', '"mxed"', "method = 'mxed' is unknown"),
    ('"mixed"', '"fp32"', "others goes with method 'mixed' alone: remove it"),
    ('method = "mixed"', "", "must have either `method`"),
    (LAYERS, "\n", "method = 'mixed' names no precision; say by `layers` or `others`"),
    ("calibration_images = 8", "", "needs a positive number of calibration images"),
    ("layers = {", "layers = ", "is no valid TOML"),
]


def written(tmp_path: Path, text: str, name: str = "mixed-small") -> Path:
    folder = tmp_path / "models" / "tiny"
    (folder / "variants").mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL_TOML, encoding="utf-8")
    (folder / "variants" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_file_in_variants_is_a_variant_of_its_name(tmp_path: Path) -> None:
    model = load_model(written(tmp_path, MIXED), tmp_path)
    assert list(model.variants) == ["fp32", "int8", "mixed-small"]
    assert model.variants["mixed-small"].layers == {"logits": "float"}


def test_weight_only_recipes_need_no_calibration(tmp_path: Path) -> None:
    text = 'method = "mixed"\nothers = "w8"\n'
    assert "mixed-small" in load_model(written(tmp_path, text), tmp_path).variants


@pytest.mark.parametrize(("right", "wrong", "words"), MISTAKES)
def test_a_mistake_in_a_variants_file_names_that_file(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    assert right in MIXED
    folder = written(tmp_path, MIXED.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as refused:
        load_model(folder, tmp_path)
    assert words in str(refused.value)
    assert "models/tiny/variants/mixed-small.toml" in str(refused.value)


def test_a_variant_is_declared_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"int8\.toml.*'int8' is declared in model\.toml too"):
        load_model(written(tmp_path, MIXED, "int8"), tmp_path)
