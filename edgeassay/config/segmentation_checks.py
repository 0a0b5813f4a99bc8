"""What a model must say where it segments, and may not say: claims and tables of the other task."""

from __future__ import annotations

import math
from typing import Final

from edgeassay.config.device_checks import MOST_IMAGES, check_between
from edgeassay.config.shapes import ModelFile, default_segmentation
from edgeassay.errors import ConfigError
from edgeassay.spec import (
    TRAITS,
    LimitRule,
    ModelSpec,
    OperatingPoint,
    Segmentation,
    Task,
    task_of,
)

# What a claim is about, by the task that a network must be for.
ABOUT: Final = {
    Task.CLASSIFICATION: "the scores of a classifier",
    Task.SEGMENTATION: "the masks of a segmentation network",
}
MOST_PIXELS: Final = 1000.0  # a boundary that far off is none


def check_task(rule: LimitRule, task: Task, model: str) -> None:
    """ConfigError where a limit is for a claim of networks of another task."""
    wanted = TRAITS[rule.claim].task
    if wanted is None or wanted is task:
        return
    known = sorted(name for name, traits in TRAITS.items() if traits.task is task)
    claims = [name for name in known if not TRAITS[name].of_baseline]
    does = "marks pixels" if task is Task.SEGMENTATION else "classifies whole images"
    raise ConfigError(
        f"{rule.limit.source}: {rule.claim} is about {ABOUT[wanted]}, and {model} {does}; claim"
        f" others of it ({', '.join(claims)})"
    )


def check_classifies(model: ModelSpec, command: str) -> None:
    """ConfigError where a command that is about scores is given a network that marks pixels."""
    if model.task is not Task.CLASSIFICATION:
        raise ConfigError(
            f"{model.file}: `edgeassay {command}` is for classifiers, and {model.id} marks pixels"
            f" ([data] has `masks`); `pytest --model {model.id}` judges what it marks"
        )


def check_segmentation(model: ModelFile, where: str) -> None:
    """ConfigError, naming file and key, where a model says what its task has no use for, or a
    number can't be.
    """
    if task_of(model.data) is Task.CLASSIFICATION:
        if model.segmentation != default_segmentation():
            raise ConfigError(
                f"{where}: [segmentation] is of networks that mark pixels, and [data] names no"
                " `masks`; add them, or remove the table"
            )
        return
    if model.operating_point != OperatingPoint():
        raise ConfigError(
            f"{where}: [operating_point] is of classifiers, and [data] has `masks`; give the"
            " `threshold` under [segmentation]"
        )
    if model.reference.predictions is not None:
        raise ConfigError(
            f"{where}: reference.predictions is a file of an image's scores, which no network that"
            " marks pixels has; leave it out, and drops are taken against the reference variant"
        )
    _check_numbers(model.segmentation, where)


def _check_numbers(segmentation: Segmentation, where: str) -> None:
    if not math.isfinite(segmentation.threshold):
        raise ConfigError(f"{where}: segmentation.threshold must be a finite number")
    check_between(segmentation.tolerance_px, 0.0, MOST_PIXELS, "segmentation.tolerance_px", where)
    check_between(segmentation.min_patients, 2, MOST_IMAGES, "segmentation.min_patients", where)
