"""Artifacts and files: whole or not at all, and never taken for what they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeassay.artifacts import Recipe, cache_path, cached, read_artifact, write_artifact
from edgeassay.atomic import write_bytes
from edgeassay.build import export, prebuilt_path, seed_of
from edgeassay.errors import ArtifactError, ConfigError

RECIPE = Recipe(
    model="tiny",
    variant="int8",
    source_sha256="aa",
    data_sha256="bb",
    settings={"method": "int8", "calibration_images": 8},
    versions={"tensorflow": "2.21.0"},
)


def test_the_cache_finds_a_recipe_again_and_no_other(tmp_path: Path) -> None:
    assert cached(tmp_path, RECIPE) is None
    write_artifact(cache_path(tmp_path, RECIPE), b"bytes", RECIPE)
    found = cached(tmp_path, RECIPE)
    assert found is not None
    assert found.size_bytes == 5
    for other in (
        replace(RECIPE, source_sha256="ax"),
        replace(RECIPE, data_sha256="bx"),
        replace(RECIPE, settings={"method": "int8", "calibration_images": 9}),
        replace(RECIPE, versions={"tensorflow": "2.22.0"}),
    ):
        assert cached(tmp_path, other) is None


def test_damaged_bytes_are_built_again_in_the_cache_and_refused_elsewhere(tmp_path: Path) -> None:
    path = cache_path(tmp_path, RECIPE)
    write_artifact(path, b"bytes", RECIPE)
    path.write_bytes(b"bytez")
    assert cached(tmp_path, RECIPE) is None
    with pytest.raises(ArtifactError, match="has changed since it was built"):
        read_artifact(path, "tiny", "int8")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"model": "tiny"}'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "int8.tflite"
    write_artifact(path, b"bytes", RECIPE)
    path.with_suffix(".json").write_text(text)
    with pytest.raises(ArtifactError, match="is no manifest"):
        read_artifact(path, "tiny", "int8")


def test_an_artifact_in_anothers_place_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "int8.tflite"
    write_artifact(path, b"bytes", RECIPE)
    with pytest.raises(ArtifactError, match="is tiny/int8 by its manifest"):
        read_artifact(path, "tiny", "fp16")
    path.write_bytes(b"")
    with pytest.raises(ArtifactError, match="is empty"):
        read_artifact(path, "tiny", "int8")


def test_an_exported_artifact_is_where_a_device_looks_for_it(tmp_path: Path) -> None:
    write_artifact(cache_path(tmp_path / "cache", RECIPE), b"bytes", RECIPE)
    artifact = cached(tmp_path / "cache", RECIPE)
    assert artifact is not None
    path = export(artifact, tmp_path / "out")
    assert path == prebuilt_path(tmp_path / "out", "tiny", "int8")
    again = read_artifact(path, "tiny", "int8")
    assert again.sha256 == artifact.sha256
    assert again.manifest == artifact.manifest


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    write_bytes(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="can't be written"):
        write_bytes(tmp_path / "file" / "results.json", b"new")


def test_seeds_come_from_names() -> None:
    assert seed_of("tiny-int8") == seed_of("tiny-int8")
    assert seed_of("tiny-int8") != seed_of("tiny-fp16")
