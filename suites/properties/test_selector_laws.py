"""Laws of selecting a width, under simulated load."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeassay.config.shapes import default_selecting
from edgeassay.selecting import Selector

SETTINGS = default_selecting()
TIMES = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=5, unique=True).map(
    lambda times: tuple(sorted(times))
)
BUDGETS = st.floats(0.05, 1000.0)
LOADS = st.floats(0.5, 30.0)


def begin(times: tuple[float, ...], budget: float) -> Selector:
    names = tuple(f"w{k}" for k in range(len(times)))
    return Selector.begin(names, times, budget_ms=budget, settings=SETTINGS)


def run(selector: Selector, loads: list[float]) -> list[tuple[Selector, float]]:
    """Each state with what its inference took."""
    steps = []
    for load in loads:
        took = load * selector.alone_ms[selector.current]
        steps.append((selector, took))
        selector = selector.after(took)
    return steps


@given(times=TIMES, budget=BUDGETS, loads=st.lists(LOADS, min_size=2, max_size=80))
def test_a_budget_is_missed_twice_in_a_row_only_where_the_load_grew_or_nothing_fits(
    times: tuple[float, ...], budget: float, loads: list[float]
) -> None:
    steps = run(begin(times, budget), loads)
    for (one, took), (two, again) in pairwise(steps):
        if took > budget < again:
            grew = again / times[two.current] > took / times[one.current] * (1.0 - 1e-12)
            assert grew or two.current == 0
        if took > budget and two.current > 0:
            assert two.fits
            assert two.current < one.current


@given(times=TIMES, budget=BUDGETS, load=LOADS)
def test_under_a_constant_load_it_goes_one_way_and_stays(
    times: tuple[float, ...], budget: float, load: float
) -> None:
    steps = run(begin(times, budget), [load] * (SETTINGS.patience * (len(times) + 2)))
    places = [selector.current for selector, _ in steps]
    assert places in (sorted(places), sorted(places, reverse=True))
    assert len({*places[-SETTINGS.patience :]}) == 1
    last, took = steps[-1]
    assert last.fits == (load * times[0] <= budget)
    assert took <= budget or last.current == 0


@given(times=TIMES, budgets=st.tuples(BUDGETS, BUDGETS).map(sorted), load=LOADS)
def test_more_time_never_gives_a_narrower_one(
    times: tuple[float, ...], budgets: list[float], load: float
) -> None:
    many = [load] * (SETTINGS.patience * (len(times) + 2))
    ends = [run(begin(times, budget), many)[-1][0].current for budget in budgets]
    assert ends[0] <= ends[1]


@given(
    times=TIMES,
    budget=BUDGETS,
    own=st.lists(LOADS, min_size=5, max_size=5),
    rounds=st.integers(1, 4000),
)
def test_a_load_that_slows_one_width_more_hardly_makes_it_swing(
    times: tuple[float, ...], budget: float, own: list[float], rounds: int
) -> None:
    selector, places = begin(times, budget), []
    for _ in range(rounds):
        places.append(selector.current)
        selector = selector.after(times[selector.current] * own[selector.current])
    changes = sum(a != b for a, b in pairwise(places))
    failures = math.log2(max(2.0, rounds / SETTINGS.patience)) + 2
    failures += rounds / SETTINGS.most_patience
    assert changes <= 2 * len(times) * (failures + 1)


@given(times=TIMES, budget=BUDGETS)
def test_where_nothing_fits_the_narrowest_runs_and_it_is_said(
    times: tuple[float, ...], budget: float
) -> None:
    selector = begin(times, budget)
    assert selector.fits == (times[0] <= budget)
    hopeless = 2.0 * budget / times[0]
    for _ in range(3):
        selector = selector.after(hopeless * times[selector.current])
        assert (selector.current, selector.fits) == (0, False)
    assert selector.after(0.5 * budget).fits
