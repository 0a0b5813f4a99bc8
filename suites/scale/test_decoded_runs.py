"""A run uses the parts of image files that a model declares, and tells of odd depths."""

from __future__ import annotations

import pytest
from PIL import Image

from suites.meta.project import Project

KEY = "[preprocess]\n"


@pytest.mark.long
def test_a_run_tells_of_dark_images_and_reuses_nothing_that_was_decoded_otherwise(
    project: Project,
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    images = project.data / "spots/images"
    for path in sorted(images.iterdir())[::2]:
        image = Image.open(path)
        image.load()
        image.point(lambda value: value // 16).save(path, exif=exif)
    model = project.model_toml
    outcome = project.run("suites/accuracy")
    assert "say with `orientation` in [preprocess]" in outcome.text
    assert outcome.named("passed") == set()
    found = {}
    for orientation in ("exif", "as-stored", "exif"):
        project.model_toml = model.replace(KEY, f'{KEY}orientation = "{orientation}"\n')
        project.write_declarations()
        outcome = project.run("suites/accuracy")
        line = "tiny: evaluation images whose pixels never reach a tenth of `white`"
        assert outcome.text.count(line) == 1
        cases = outcome.results["cases"]
        assert {case["dark_images"] for case in cases} == {79}
        assert {case["shallow_images"] for case in cases} == {0}
        reused = [case["reused_predictions"] for case in cases]
        assert all(reused) == (orientation in found), reused
        found[orientation] = True
