"""A search carried out: the question put, the study found or made, an answer chosen and kept."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

import edgeassay
from edgeassay.config.limits import check_sensible
from edgeassay.errors import ConfigError, EdgeassayError, NoEvidence
from edgeassay.machine import this_machine
from edgeassay.progress import Reporter
from edgeassay.search.asked import Asked
from edgeassay.search.looking import (
    FAILURES,
    Looker,
    check_precisions,
    read_test,
    told,
)
from edgeassay.search.opening import open_study
from edgeassay.search.ordering import make_space
from edgeassay.search.result import Result
from edgeassay.search.searching import Bounds, Ended, search
from edgeassay.search.showing import drop_words, progress_line
from edgeassay.search.space import Space
from edgeassay.search.storage import open_storage, shown
from edgeassay.search.study import Study, storage_answers
from edgeassay.search.tried import Tried, alike, meeting
from edgeassay.search.writing import write_variant
from edgeassay.sensitivity import measure
from edgeassay.spec import TRAITS, ClaimName, Limit, Role
from edgeassay.trials import WHOLE, Trials
from edgeassay.variants.precisions import FLOAT

# Those that might be the fastest are timed again: of many, the least is partly luck.
FINALISTS: Final = 3
PACKAGES: Final = ("optuna", "ai-edge-quantizer", "ai-edge-litert")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a search works with: where it says how it is getting on, and shows steps."""

    asked: Asked
    trials: Trials
    say: Callable[[str], None]
    report: Reporter


def margin_of(trials: Trials, given: float | None) -> Limit:
    """What the mean AUC may lose: what was asked for, or the model's own limit."""
    if given is not None:
        check_sensible(given, TRAITS[ClaimName.MEAN_AUC_DROP].sensible, f"--margin {given:g}")
        return Limit(value=given, source="--margin")
    limit = trials.margin()
    if limit is None:
        raise ConfigError(
            f"{trials.declared.file} sets no limit for mean_auc_drop, which the search must keep"
            " to: set it under [limits], or give --margin"
        )
    return limit


def check_enough(trials: Trials, margin: Limit) -> None:
    """NoEvidence where the validation split is too small for any verdict, whatever the recipe."""
    drop = trials.drop(WHOLE, margin.value)
    if drop.insufficient is not None:
        raise NoEvidence(
            f"{trials.declared.file}: nothing can be chosen on the validation split:"
            f" {drop.insufficient}; make that split larger"
        )


def run(desk: Desk, path: Path) -> Result:
    """Search, choose, write the variant to `path`, and then read the test split once."""
    asked, trials = desk.asked, desk.trials
    begun = time.monotonic()
    margin = margin_of(trials, asked.margin)
    check_enough(trials, margin)
    images = trials.calibration_images(asked.choices)
    looker = Looker(trials, objective=asked.objective, margin=margin, calibration_images=images)
    where = "in memory" if asked.storage is None else shown(asked.storage)
    with storage_answers(where):
        study = _study(desk, looker, margin, images, where)
        bounds = Bounds(
            trials=asked.trials,
            deadline=None if asked.time_s is None else begun + asked.time_s,
        )
        ended = _searched(desk, study, looker, bounds, margin)
    result = Result(
        command=asked.command,
        model=trials.declared.id,
        variant=asked.variant,
        objective=asked.objective,
        margin=margin,
        seed=asked.seed,
        versions={"edgeassay": edgeassay.__version__}
        | {name: metadata.version(name) for name in PACKAGES},
        tried=ended.tried,
        failed=ended.failed,
        why=ended.why,
    )
    chosen = _choose(result, looker)
    if chosen is None:
        return result
    result = replace(result, chosen=chosen)
    write_variant(path, chosen.recipe.variant(images), header(result))
    try:
        return replace(result, test=read_test(looker, trials, chosen.recipe, margin))
    except EdgeassayError as error:
        return replace(
            result,
            test_absent=f"{told(error)}; `pytest --model {result.model} --variant"
            f" {result.variant}` judges it where it can be",
        )


def _study(desk: Desk, looker: Looker, margin: Limit, images: int, where: str) -> Study:
    asked, trials = desk.asked, desk.trials
    layers = [layer.name for layer in trials.graph.layers]
    whole: dict[str, Tried] = {}

    def planned() -> Space:
        whole.update(check_precisions(looker, layers, asked.choices))
        try:
            found = measure(trials, [name for name in asked.choices if name != FLOAT], desk.report)
        except (KeyboardInterrupt, SystemExit):
            desk.say(
                "cut off while layers were measured alone; what they predicted is kept, and the"
                " same command goes on quickly"
            )
            raise
        return make_space(trials.graph.layers, found, whole, asked.objective)

    storage = open_storage(asked.storage)
    seed = asked.seed if asked.storage is None else _own_seed(asked.seed)
    opened = open_study(
        storage,
        asked.study,
        seed=seed,
        question=_question(desk, margin, images),
        where=where,
        make_space=planned,
    )
    study = Study(
        opened.study,
        opened.plan.space,
        objective=asked.objective,
        margin=margin,
        seed=seed,
    )
    if opened.is_new:
        study.enqueue([one.recipe for one in whole.values()])
    else:
        desk.say(f"the study {asked.study!r} has {len(study.tried())} recipes already")
        if taken := study.take_over():
            desk.say(f"{taken} trials that were cut off are tried again")
    return study


def _own_seed(seed: int) -> int:
    """A seed unlike that of others who share the study, and would propose the same."""
    mixed = np.random.SeedSequence([seed, os.getpid(), time.time_ns()])
    return int(mixed.generate_state(1)[0])


def _question(desk: Desk, margin: Limit, images: int) -> dict[str, Any]:
    """What must be the same for a study to go on: other answers wouldn't be of one question."""
    asked, trials = desk.asked, desk.trials
    split = trials.evidence.evaluations.data(trials.declared.id, Role.VALIDATION).split
    truth = json.dumps([list(split.names), split.labels.tolist()])
    return {
        "model": trials.declared.id,
        "network": trials.artifact(WHOLE).sha256,
        "validation split": hashlib.sha256(truth.encode("utf-8")).hexdigest(),
        "calibration images": images,
        "minimise": asked.objective,
        "margin": margin.value,
        "confidence": trials.declared.statistics.confidence,
        "precisions": list(asked.choices),
        "runtime": asked.runtime,
        **({"machine": this_machine().fingerprint} if asked.objective == "latency" else {}),
    }


def _searched(desk: Desk, study: Study, looker: Looker, bounds: Bounds, margin: Limit) -> Ended:
    objective = desk.asked.objective

    def hear(one: Tried, tried: Sequence[Tried]) -> None:
        best = next(iter(meeting(tried, margin, objective)), None)
        desk.say(
            progress_line(one, len(tried), bounds.trials, best, objective=objective, margin=margin)
        )

    try:
        return search(study, looker, bounds, hear=hear, hear_failed=desk.say)
    except (KeyboardInterrupt, SystemExit):
        desk.say(interrupted(study, desk.asked, margin))
        raise


def interrupted(study: Study, asked: Asked, margin: Limit) -> str:
    """What a search has that was cut off, and how to go on."""
    tried = study.tried()
    best = next(iter(meeting(tried, margin, asked.objective)), None)
    words = f"cut off after {len(tried)} of {asked.trials} recipes"
    if best is not None:
        words += f"; the best is {best.recipe.words}, {best.value(asked.objective):.4f}"
    if asked.storage is not None:
        return f"{words}. The same command goes on from there"
    return (
        f"{words}. Nothing of the study is kept without --storage, but what the recipes predicted"
        " is: the same command repeats them quickly"
    )


def _choose(result: Result, looker: Looker) -> Tried | None:
    """The best that meets the margin. Of times, those that might be the least are taken once more,
    and the least of these counts.
    """
    found = meeting(result.tried, result.margin, result.objective)
    if result.objective == "size" or not found:
        return next(iter(found), None)
    again = []
    for one in alike(found, FINALISTS):
        try:
            again.append(replace(one, latency=looker.latency_anew(one.recipe)))
        except FAILURES:
            continue
    return next(iter(meeting(again, result.margin, result.objective)), found[0])


def header(result: Result) -> list[str]:
    """How a variant was found, for its file."""
    chosen = result.chosen
    assert chosen is not None
    value = f"{chosen.value(result.objective):.4f} of the float network's {result.objective}"
    return [
        f"Found by: {result.command}",
        f"{chosen.recipe.words}; {value}, the best of {len(result.tried)} recipes tried"
        f" (seed {result.seed}) that keep the mean AUC's drop within {result.margin.value:g}"
        f" ({result.margin.source}).",
        f"Validation split: {drop_words(chosen.drop)}. The test split had no part in it.",
        f"With {', '.join(f'{name} {version}' for name, version in result.versions.items())}.",
    ]
