"""Images that are nearly black, or of fewer bits than others, are counted and told."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from edgeassay.datasets.tones import UNREAD, Tones
from edgeassay.preprocess import brightest
from edgeassay.report.results import CaseRecord
from edgeassay.report.table import remarks
from edgeassay.runs.records import CaseId
from suites.meta.test_samples import run_of


def tones(*images: tuple[int, bool]) -> Tones:
    values, deep = zip(*images, strict=True)
    return Tones(brightest=np.array(values, np.int32), deep=np.array(deep, np.bool_))


@pytest.mark.parametrize(
    ("value", "deep", "white", "dark"),
    [
        (25, False, None, 1),
        (26, False, None, 0),
        (6553, True, None, 1),
        (6554, True, None, 0),
        (4095, True, None, 1),
        (4095, True, 4095, 0),
        (409, True, 4095, 1),
        (255, False, 4095, 1),
        (UNREAD, False, None, 0),
    ],
)
def test_an_image_is_dark_below_a_tenth_of_white(
    value: int, deep: bool, white: int | None, dark: int
) -> None:
    assert tones((value, deep)).dark(white) == dark


def test_images_of_8_bits_count_among_deeper_ones_alone() -> None:
    assert tones((255, False), (255, False)).shallow == 0
    assert tones((9, True), (9, True)).shallow == 0
    assert tones((255, False), (9, True), (UNREAD, False)).shallow == 1


@pytest.mark.parametrize(
    ("image", "value"),
    [
        (Image.new("L", (3, 3), 17), 17),
        (Image.new("RGB", (3, 3), (1, 30, 2)), 30),
        (Image.new("RGBA", (3, 3), (1, 3, 2, 255)), 3),
        (Image.new("LA", (3, 3), (8, 255)), 8),
        (Image.new("1", (3, 3), 1), 255),
        (Image.fromarray(np.full((3, 3), 4095, np.uint16)), 4095),
    ],
)
def test_the_brightest_pixel_is_a_color_and_no_alpha(image: Image.Image, value: int) -> None:
    assert brightest(image) == value


def test_the_brightest_color_of_a_palette_is_one_that_is_used() -> None:
    image = Image.fromarray(np.zeros((3, 3), np.uint8), "P")
    image.putpalette([9, 9, 9, 255, 255, 255])
    assert brightest(image) == 9


def test_the_closing_remarks_tell_both_once_a_model() -> None:
    unknown = dict.fromkeys(k for k, f in CaseRecord.model_fields.items() if f.is_required())
    cases = []
    for variant in ("fp32", "int8"):
        case = CaseId(model="tiny", variant=variant, runtime="litert", device="slow")
        facts = CaseRecord.model_validate(unknown | {"case": case, "worker": {}})
        found = {"evaluated_images": 1200, "split_images": 1200, "dark_images": 1100}
        cases.append(facts.model_copy(update=found | {"shallow_images": 3}))
    run = run_of(cases[0]).model_copy(update={"cases": cases})
    dark, shallow = (line for line in remarks(run) if "images" in line)
    assert dark.startswith(
        "tiny: evaluation images whose pixels never reach a tenth of `white` in [preprocess]: 1,100"
        " of 1,200"
    )
    assert shallow.startswith(
        "tiny: evaluation images of 8 bits among images of 16 bits: 3 of 1,200"
    )
    nothing = {"dark_images": 0, "shallow_images": 0}
    fine = run_of(cases[0].model_copy(update=nothing))
    assert not [line for line in remarks(fine) if "images" in line]
