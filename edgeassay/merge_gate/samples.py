"""Whether enough images were evaluated: all, unless gate.toml or a profile wants less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from edgeassay.merge_gate.matching import Part
from edgeassay.merge_gate.planning import LegPlan
from edgeassay.report.results import CaseRecord
from edgeassay.runs.records import CaseId
from edgeassay.spec import Case

OPTION: Final = "--images"


def about_samples(made: LegPlan, part: Part) -> Iterator[tuple[CaseId, str]]:
    """The expected cases of a file that saw too few images, in words that follow the file's name;
    one for each model.
    """
    asked = _asked(part.run.results.command)
    told = set[str]()
    for facts in part.run.results.cases:
        expected = facts.case in part.cases and Case(**facts.case.model_dump()) in made.claims
        words = _too_few(made, facts, asked) if expected else None
        if words is not None and facts.case.model not in told:
            told.add(facts.case.model)
            yield facts.case, f"{words}; run it on all of them, or say how many do (`images`)"


def _too_few(made: LegPlan, facts: CaseRecord, asked: int | None) -> str | None:
    """What is too little of a case's images; None where nothing is."""
    least, seen, split = _least(made), facts.evaluated_images, facts.split_images
    if split is not None:
        least = split if least is None else min(least, split)
    wanted = "all" if least is None else f"{least:,}"
    expects = f"{made.leg.source} expects {wanted}"
    if seen is not None and split is not None and least is not None and seen < least:
        return f"is of a sample: {seen:,} of the {split:,} images of {facts.case.model}; {expects}"
    if asked is not None and (least is None or asked < least):
        return f"was started with {OPTION} {asked}; {expects} images of {facts.case.model}"
    return None


def _least(made: LegPlan) -> int | None:
    """How many images suffice by the checkout's files; None where all are wanted."""
    return made.device.evaluation.images if made.leg.images is None else made.leg.images


def _asked(command: Sequence[str]) -> int | None:
    """The sample that a run was asked for; None where it wasn't."""
    given = [
        after if word == OPTION else word.partition("=")[2]
        for word, after in zip(command, (*command[1:], ""), strict=False)  # empty: none at all
        if word == OPTION or word.startswith(f"{OPTION}=")
    ]
    return int(given[-1]) if given and given[-1].isdecimal() and len(given[-1]) < 10 else None
