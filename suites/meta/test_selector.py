"""Which width runs next, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from edgeassay.config.shapes import default_selecting
from edgeassay.errors import ConfigError
from edgeassay.selecting import Selector
from edgeassay.selecting.widths import Times, choose_width, widths_of
from edgeassay.spec import ModelSpec, VariantSpec

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


def model(**wider: str | None) -> ModelSpec:
    variants = {name: VariantSpec(method="fp32", wider=other) for name, other in wider.items()}
    return cast(ModelSpec, SimpleNamespace(file="models/m/model.toml", variants=variants))


def test_the_widths_of_a_model_are_those_that_name_each_other() -> None:
    one = model(w=None, m="w", n="m", other=None)
    assert widths_of(one) == ("n", "m", "w")
    two = model(w=None, n="w", w8=None, n8="w8")
    assert widths_of(two, "n8") == ("n8", "w8")
    with pytest.raises(ConfigError, match=r"several families of widths; .*--narrowest \(n, n8\)"):
        widths_of(two)
    with pytest.raises(ConfigError, match="no family of widths begins with it; known: n, n8"):
        widths_of(two, "w")
    with pytest.raises(ConfigError, match="no variant names a `wider` one"):
        widths_of(model(fp32=None, int8=None))


def times(**p50_and_p95: tuple[float, float]) -> Mapping[str, Times]:
    return {n: Times(p50_ms=one, p95_ms=other) for n, (one, other) in p50_and_p95.items()}


def test_the_widest_is_taken_that_keeps_the_budget_in_95_of_100_inferences() -> None:
    found = times(n=(1.0, 1.5), m=(2.0, 2.5), w=(4.0, 5.0))
    taken = [choose_width(found, budget).width for budget in (5.0, 4.9, 2.4, 1.4)]
    assert taken == ["w", "m", "n", "n"]
    assert [choose_width(found, budget).fits for budget in (1.5, 1.4)] == [True, False]


def test_a_width_that_is_no_faster_than_a_wider_one_is_never_taken() -> None:
    found = choose_width(times(n=(1.0, 1.5), m=(4.0, 4.1), w=(4.0, 5.0)), 4.5)
    assert (found.width, found.fits) == ("n", True)
    assert found.passed_over == {"m": "no faster than w, which is wider"}
    assert choose_width(times(n=(9.0, 9.0), w=(4.0, 5.0)), 1.0).width == "w"
