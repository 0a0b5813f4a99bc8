"""Mistakes where a network segments: masks that aren't, and what such a model has no use for."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from suites.meta.project import Project
from suites.meta.segmented import HEIGHT, WIDTH, segment, write_segmenter
from suites.mistakes.breaking import Break, changed, model, removed, together, truncated, written
from suites.mistakes.mistake import Mistake

CSV = "data/blobs/labels.csv"
# The mask of the first image of the evaluation split, and its line in the table.
MASK = "data/blobs/masks/000.png"
LINE = "images/000.png,masks/000.png"
QUALITY = ("pytest", "suites/accuracy")
CHECK = ("edgeassay", "check-data", "tiny")
# Every claim on masks says why it can't be judged, in its failure and in the summary.
CLAIMS_ON_MASKS = 7
EACH_CLAIM = 2 * CLAIMS_ON_MASKS + 1


def png(pixels: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def segmented(*breaks: Break) -> Break:
    """The same in a project that segments."""
    return together(segment, *breaks)


def wrong_planes(project: Project) -> None:
    """An artifact that marks two classes, where one is declared."""
    write_segmenter(project.artifacts / "tiny/int8.tflite", [0.5, 0.5], int8=True)


GREYS = png(np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 7)
SMALL = png(np.zeros((HEIGHT, WIDTH - 1)))

TABLE = (
    Mistake(
        id="mask-not-binary",
        broken=segmented(written(MASK, GREYS)),
        command=QUALITY,
        code=1,
        what="isn't binary: beside 0 its pixels are 1, 2, 3, 4, 5 and 1 more",
        where="masks/000.png",
        remedy="one other value for what is inside, as PNG and not as JPEG",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="mask-not-binary-checked",
        broken=segmented(written(MASK, GREYS)),
        command=CHECK,
        code=2,
        what="isn't binary",
        where="masks/000.png",
        remedy="save it with 0 for what is outside",
    ),
    Mistake(
        id="mask-of-another-size",
        broken=segmented(written(MASK, SMALL)),
        command=QUALITY,
        code=1,
        what=f"is {WIDTH - 1}x{HEIGHT}, and its image is {WIDTH}x{HEIGHT}",
        where="masks/000.png",
        remedy="mend one of them, or remove the row",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="mask-truncated",
        broken=segmented(truncated(MASK, 40)),
        command=QUALITY,
        code=1,
        what="can't be read as an image",
        where="masks/000.png",
        remedy="replace the file, or remove it from",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="mask-truncated-checked",
        broken=segmented(truncated(MASK, 40)),
        command=CHECK,
        code=2,
        what="can't be read as an image",
        where="masks/000.png",
        remedy="replace the file, or remove it from",
    ),
    Mistake(
        id="image-without-mask",
        broken=segmented(changed(CSV, LINE, "images/000.png,")),
        command=QUALITY,
        code=4,
        what="the image has no mask of 'blob'",
        where="labels.csv",
        remedy="name its file, or remove the row",
    ),
    Mistake(
        id="mask-missing",
        broken=segmented(removed(MASK)),
        command=QUALITY,
        code=4,
        what="masks/000.png doesn't exist",
        where="labels.csv",
        remedy="put it there, or remove the row",
    ),
    Mistake(
        id="masks-of-other-classes",
        broken=segmented(wrong_planes),
        command=(*QUALITY, "--variant", "int8", "-k", "dice_drop"),
        code=1,
        what="gives outputs of shape 1x24x24x2, and `masks` of [data]",
        where="models/tiny/model.toml",
        remedy="make them agree",
        said=EACH_CLAIM,
    ),
    Mistake(
        id="auc-of-masks",
        broken=segmented(model("min_dice = 0.6", "min_auc = 0.6")),
        command=QUALITY,
        code=4,
        what="min_auc is about the scores of a classifier, and tiny marks pixels",
        where="models/tiny/model.toml:limits.min_auc",
        remedy="claim others of it",
    ),
    Mistake(
        id="dice-of-scores",
        broken=model("min_auc = 0.7", "min_dice = 0.7"),
        command=QUALITY,
        code=4,
        what="min_dice is about the masks of a segmentation network",
        where="models/tiny/model.toml:limits.min_dice",
        remedy="claim others of it",
    ),
    *(
        Mistake(
            id=f"{words[0]}-of-masks",
            broken=segment,
            command=("edgeassay", *words),
            code=2,
            what=f"`edgeassay {words[0]}` is for classifiers, and tiny marks pixels",
            where="models/tiny/model.toml",
            remedy="`pytest --model tiny` judges what it marks",
        )
        for words in (
            ("saliency", "tiny"),
            ("search", "tiny", "--runtime", "litert"),
            ("advise", "tiny"),
        )
    ),
)

MISTAKES = TABLE
