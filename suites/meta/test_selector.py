"""Which width runs next, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeassay.config.shapes import default_selecting
from edgeassay.selecting import Selector

SETTINGS = replace(default_selecting(), head_room=0.8, patience=3, most_patience=8)
NAMES, ALONE = ("narrow", "middle", "wide"), (1.0, 2.0, 4.0)


def begin(budget_ms: float) -> Selector:
    return Selector.begin(NAMES, ALONE, budget_ms=budget_ms, settings=SETTINGS)


def loaded(selector: Selector, load: float, times: int) -> Selector:
    for _ in range(times):
        selector = selector.after(load * ALONE[selector.current])
    return selector


@pytest.mark.parametrize(
    ("budget", "width", "fits"),
    [(0.5, "narrow", False), (1.0, "narrow", True), (3.9, "middle", True), (4.0, "wide", True)],
)
def test_it_begins_with_the_widest_that_fits(budget: float, width: str, fits: bool) -> None:
    assert (begin(budget).width, begin(budget).fits) == (width, fits)


def test_a_miss_is_answered_at_once_by_what_would_have_fit() -> None:
    assert loaded(begin(5.0), 2.0, 1).width == "middle"
    assert loaded(begin(5.0), 4.0, 1).width == "narrow"
    assert loaded(begin(5.0), 6.0, 1).fits is False


def test_a_wider_one_runs_only_after_head_room_in_a_row() -> None:
    slow = loaded(begin(5.0), 2.0, 1)
    assert loaded(slow, 1.0, 2).width == "middle"
    assert loaded(slow, 1.0, 3).width == "wide"
    # One inference in between that left no head-room: it begins anew.
    assert loaded(loaded(loaded(slow, 1.0, 2), 1.2, 1), 1.0, 2).width == "middle"
    # It would fit, without head-room: 4 ms of 5 are the most.
    assert loaded(slow, 1.1, 50).width == "middle"


def test_what_fails_when_it_is_tried_waits_twice_as_long() -> None:
    selector, waits = loaded(begin(5.0), 2.0, 1), []
    for _ in range(4):
        count = 0
        while selector.width == "middle":
            selector, count = selector.after(2.0), count + 1
        waits.append(count)
        selector = selector.after(6.0)
    assert waits == [3, 6, 8, 8]


def test_what_stays_good_for_as_long_waits_no_longer_than_at_first() -> None:
    failed = loaded(loaded(begin(5.0), 2.0, 1), 1.0, 3).after(6.0)
    assert failed.waits[2] == 6
    proved = loaded(loaded(failed, 1.0, 6), 1.0, 3)
    assert proved.width == "wide"
    assert proved.waits[2] == 3


@pytest.mark.parametrize("alone", [(), (1.0, 1.0), (2.0, 1.0), (0.0, 1.0), (float("nan"), 1.0)])
def test_times_that_do_not_rise_with_the_width_are_refused(alone: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must rise with the width"):
        Selector.begin(NAMES[: len(alone)], alone, budget_ms=1.0, settings=SETTINGS)
    with pytest.raises(ValueError, match="is none"):
        begin(0.0)
