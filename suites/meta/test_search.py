"""A search's own parts: steps and rungs, what is chosen, what is written, what is refused."""

from __future__ import annotations

import builtins
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.config.loading import read_variant
from edgeassay.errors import ConfigError
from edgeassay.search.asked import read_choices, read_objective, read_seconds
from edgeassay.search.chart import draw
from edgeassay.search.looking import Looker
from edgeassay.search.opening import check_question
from edgeassay.search.ordering import make_space
from edgeassay.search.recipe import Recipe
from edgeassay.search.result import Result
from edgeassay.search.showing import document, nothing, sentences
from edgeassay.search.space import Option, Space, hull, parts
from edgeassay.search.storage import check_installed, open_storage, shown
from edgeassay.search.tried import NO_BOUND, Tried, alike, front, meeting, nearest_miss
from edgeassay.search.writing import as_toml
from edgeassay.sensitivity import LayerSensitivity
from edgeassay.spec import Limit, Measurement, VariantSpec
from edgeassay.tflite_file import Operator

MARGIN = Limit(value=0.009, source="a file:key")
NAMES = ("first", "second", "third")


def tried(
    number: int,
    size: float,
    drop: float,
    *,
    high: float | None = None,
    time: tuple[float, float, float] | None = None,
    layers: Sequence[str] = ("w4", "w8", "float"),
) -> Tried:
    """A recipe with these numbers."""
    latency = None
    if time is not None:
        latency = Measurement(value=time[0], unit="ratio", n=5, low=time[1], high=time[2])
    return Tried(
        number=number,
        recipe=Recipe(layers=dict(zip(NAMES, layers, strict=True))),
        sha256="0" * 64,
        size_bytes=int(size * 1000),
        size_ratio=size,
        drop=Measurement(
            value=drop,
            unit="AUC",
            n=300,
            low=drop - 0.001,
            high=drop + 0.001 if high is None else high,
            confidence=0.95,
        ),
        latency=latency,
    )


def result(found: Sequence[Tried], chosen: Tried | None = None) -> Result:
    return Result(
        command="edgeassay search tiny",
        model="tiny",
        variant="mixed-size",
        objective="size",
        margin=MARGIN,
        seed=0,
        versions={},
        tried=tuple(found),
        failed=0,
        why="3 recipes have been tried",
        chosen=chosen,
    )


def options(*costs_and_damages: tuple[float, float]) -> list[Option]:
    return [
        Option(precision=f"p{k}", cost=cost, damage=damage)
        for k, (cost, damage) in enumerate(costs_and_damages)
    ]


@pytest.mark.parametrize(
    ("given_options", "kept"),
    [
        (options((1, 9), (2, 3), (4, 1)), ["p0", "p1", "p2"]),
        (options((1, 9), (2, 8), (4, 1)), ["p0", "p2"]),  # above the line between the others
        (options((1, 9), (2, 9), (4, 1)), ["p0", "p2"]),  # dearer, and as bad
        (options((1, 9), (1, 3), (4, 1)), ["p1", "p2"]),  # as dear, and worse
        (options((4, 1)), ["p0"]),
    ],
)
def test_a_unit_climbs_only_over_what_no_mixture_beats(
    given_options: list[Option], kept: list[str]
) -> None:
    assert [option.precision for option in hull(given_options)] == kept


def layer(index: int, weights: int) -> Operator:
    return Operator(
        index=index,
        kind="CONV_2D",
        name=NAMES[index],
        outputs=(NAMES[index],),
        weights=weights,
        weight_type="FLOAT32",
        macs=weights,
        follows=index,
    )


def sensed(index: int, precision: str, snr_db: float | None, saved: int) -> LayerSensitivity:
    return LayerSensitivity(
        layer=NAMES[index],
        place=index,
        kind="CONV_2D",
        weights=100,
        macs=100,
        precision=precision,
        snr_db=snr_db,
        saved_bytes=saved,
    )


LAYERS = [layer(0, 100), layer(1, 100), layer(2, 1000)]
# The first hurts most, the second has no w4 at all, the third is large and doesn't mind.
SENSED = [sensed(0, "w4", 10.0, 350), sensed(1, "w4", None, 0), sensed(2, "w4", 40.0, 3500)]


def space() -> Space:
    whole = {
        "float": replace(tried(0, 1.0, 0.0, layers=("float",) * 3), size_bytes=5000),
        "w4": replace(tried(1, 0.22, 0.02, layers=("w4", "float", "w4")), size_bytes=1100),
    }
    return make_space(LAYERS, SENSED, whole, "size")


def test_the_ladder_begins_with_the_cheapest_and_protects_the_most_sensitive_first() -> None:
    made = space()
    assert made.rungs == 2
    rungs = [dict(made.recipe(made.at(rung)).layers) for rung in range(3)]
    assert rungs == [
        {"first": "w4", "second": "float", "third": "w4"},
        {"first": "float", "second": "float", "third": "w4"},
        {"first": "float", "second": "float", "third": "float"},
    ]
    assert made.cost(made.at(0)) < made.cost(made.at(1)) < made.cost(made.at(2))


def test_a_shift_moves_one_group_alone() -> None:
    made = space()
    moved = made.recipe(made.at(1) | {"shift 2": 1, "shift 0": -1})
    assert dict(moved.layers) == {"first": "w4", "second": "float", "third": "float"}


def test_a_space_is_the_same_when_a_storage_gives_it_back() -> None:
    made = space()
    assert Space.from_json(made.to_json()) == made


def test_blocks_of_neighbours_go_together_where_time_counts() -> None:
    whole = {
        name: replace(tried(k, 1.0, 0.0), latency=Measurement(value=ratio, unit="ratio", n=5))
        for k, (name, ratio) in enumerate({"float": 1.0, "w4": 0.5}.items())
    }
    layers = [replace(layer(0, 9), index=k, name=f"l{k}") for k in range(20)]
    found = [replace(sensed(0, "w4", 30.0, 0), layer=f"l{k}") for k in range(20)]
    made = make_space(layers, found, whole, "latency")
    assert made.rungs == len(made.groups) == 8
    changed = [dict(made.recipe(made.at(rung)).layers) for rung in (0, 1)]
    differ = [int(name[1:]) for name in changed[0] if changed[0][name] != changed[1][name]]
    assert differ == list(range(min(differ), max(differ) + 1))
    assert len(differ) >= 2


@given(st.lists(st.integers(), max_size=30), st.integers(1, 9))
def test_parts_have_all_in_order_and_none_is_empty(items: list[int], most: int) -> None:
    made = parts(items, most)
    assert [item for part in made for item in part] == items
    assert all(made)
    assert len(made) == min(most, len(items))


def test_of_what_meets_the_margin_the_smallest_is_chosen_and_the_float_network_never() -> None:
    found = [
        tried(0, 1.0, 0.0, layers=("float",) * 3),
        tried(1, 0.3, 0.002),
        tried(2, 0.2, 0.0085),  # its bound is beyond the margin
        tried(3, 0.25, 0.003, layers=("w8",) * 3),
    ]
    assert [one.number for one in meeting(found, MARGIN, "size")] == [3, 1]
    missed = nearest_miss([found[0], found[2]], MARGIN)
    assert missed is not None
    assert missed.number == 2
    assert "came closest: AUC drop +0.00850 [0.00750, 0.00950]" in nothing(found[2:3], MARGIN)


def test_what_is_too_small_to_judge_or_has_no_bound_never_meets_the_margin() -> None:
    few = tried(0, 0.2, 0.0)
    few = replace(few, drop=replace(few.drop, insufficient="too few patients"))
    endless = tried(1, 0.2, 0.0, high=float("inf"))
    assert not meeting([few, endless], MARGIN, "size")
    assert few.excess(MARGIN) == endless.excess(MARGIN) == NO_BOUND
    assert "too few patients" in nothing([few], MARGIN)


def test_the_front_has_what_nothing_beats() -> None:
    found = [
        tried(0, 0.2, 0.01),
        tried(1, 0.3, 0.01),
        tried(2, 0.4, -0.001),
        tried(3, 0.5, -0.002),  # a drop below 0 is no better than none
    ]
    assert [one.number for one in front(found, "size")] == [0, 2]


def test_those_that_may_be_the_fastest_are_timed_again() -> None:
    found = [
        tried(0, 1, 0, time=(0.50, 0.48, 0.52)),
        tried(1, 1, 0, time=(0.51, 0.49, 0.53)),
        tried(2, 1, 0, time=(0.60, 0.58, 0.62)),
    ]
    assert [one.number for one in alike(found, 3)] == [0, 1]
    assert [one.number for one in alike(found, 1)] == [0]


class Timed:
    """Trials whose times are these, one after the other."""

    def __init__(self, *times: tuple[float, bool]) -> None:
        self.times = list(times)
        self.declared = None

    def artifact(self, name: str) -> Any:
        return SimpleNamespace(size_bytes=100)

    def forget_times(self, name: str) -> None:
        """The next one is another."""

    def latency_ratio(self, name: str) -> Measurement:
        value, is_quiet = self.times.pop(0)
        why = None if is_quiet else "others used the machine"
        return Measurement(value=value, unit="ratio", n=5, insufficient=why)


@pytest.mark.parametrize(
    ("times", "kept", "left"),
    [
        ([(0.5, True), (0.9, True)], 0.5, 1),
        ([(0.02, False), (0.5, True)], 0.5, 0),
        ([(0.02, False), (0.7, False), (0.6, False)], 0.6, 0),
    ],
)
def test_a_disturbed_time_is_taken_again_and_an_outlier_does_not_count(
    times: list[tuple[float, bool]], kept: float, left: int
) -> None:
    trials: Any = Timed(*times)
    looker = Looker(trials, objective="latency", margin=MARGIN, calibration_images=0)
    recipe = Recipe(layers=dict.fromkeys(NAMES, "w8"))
    assert looker._latency(recipe).value == kept
    assert len(trials.times) == left


PRINTABLE = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    layers=st.dictionaries(PRINTABLE, st.sampled_from(["w4", "int8", "float"]), min_size=1),
    header=st.lists(st.text(st.characters(codec="utf-8"), max_size=300), max_size=3),
)
def test_a_variants_file_reads_as_what_was_found(
    layers: dict[str, str], header: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    variant = Recipe(layers=layers).variant(12)
    path = tmp_path_factory.mktemp("variants") / "mixed.toml"
    path.write_text(as_toml(variant, header), encoding="utf-8")
    again = read_variant(path, "it")
    assert again == variant
    others = dict.fromkeys(layers, again.others)
    assert others | dict(again.layers) == layers


def test_what_needs_no_images_is_declared_without() -> None:
    weights = Recipe(layers={"a": "w4", "b": "float", "c": "w4"}).variant(12)
    assert weights == VariantSpec(method="mixed", others="w4", layers={"b": "float"})
    assert tomllib.loads(as_toml(weights, [])).keys() == {"method", "others", "layers"}


def test_a_picture_has_every_recipe_and_the_margin() -> None:
    found = [
        tried(k, 0.2 + 0.1 * k, 0.004 / (k + 1), layers=("w4", name, name))
        for k, name in enumerate(("w4", "w8", "int8", "float"))
    ]
    svg = draw(result(found, chosen=found[0]))
    root = ET.fromstring(svg)  # noqa: S314
    circles = [e for e in root.iter() if e.tag.endswith("circle")]
    assert len(circles) == 2 + len(found) + 1  # the legend's, the recipes', and the ring
    assert "margin 0.009" in svg
    one = tried(0, 0.3, 0.001)
    assert ET.fromstring(draw(result([one]))) is not None  # noqa: S314


def test_what_is_said_names_validation_and_disturbed_times() -> None:
    one = tried(0, 0.3, 0.001, time=(0.5, 0.4, 0.6))
    assert one.latency is not None
    one = replace(one, latency=replace(one.latency, insufficient="others used the machine"))
    said = " ".join(sentences(replace(result([one], chosen=one), test_absent="it is gone")))
    assert "validation: AUC drop +0.00100 [0.00000, 0.00200]" in said
    assert "timed while others used the machine (1 of 1)" in said
    assert "the test split couldn't be read: it is gone" in said
    assert document(result([one], chosen=one))["chosen"]["number"] == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: read_choices(["int8"], "size"), "chooses between two precisions at least"),
        (lambda: read_choices(["int8", "int9"], "size"), "int9: unknown precision"),
        (lambda: read_objective("speed"), "either size or latency"),
        (lambda: read_seconds("soon"), "is no time"),
        (lambda: read_seconds("0"), "is no time"),
    ],
)
def test_what_cannot_be_followed_is_said(call: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        call()


def test_times_are_seconds_minutes_or_hours() -> None:
    given_times = ["90", "90s", "1.5m", "2h"]
    assert [read_seconds(text) for text in given_times] == [90.0, 90.0, 90.0, 7200.0]


def test_without_optuna_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeassay.search.storage.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'edgeassay\[search\]'"):
        check_installed()


def test_a_storage_that_refuses_is_one_sentence_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="the search needs Optuna: edgeassay[search]")
    other = tmp_path / "other.txt"
    other.write_text("mine")
    plain = builtins.__import__

    def without_driver(name: str, *rest: Any, **more: Any) -> Any:
        if name == "MySQLdb":
            raise ImportError("No module named 'MySQLdb'")
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_driver)
    for given_storage, words in {
        "nosuch://here/study": "nosuch",
        f"sqlite:///{tmp_path}/none/study.db": "unable to open database file",
        f"sqlite:///{other}": "file is not a database",
        str(tmp_path): "it is a folder",
        str(tmp_path / "none/study.journal"): "there is no folder",
        str(other): "a file of another kind",
        "mysql://me:secret@localhost/study": "has no driver",
    }.items():
        with pytest.raises(ConfigError, match=words) as raised:
            open_storage(given_storage)
        assert "secret" not in str(raised.value)
        assert str(raised.value).startswith("--storage ")
    assert other.read_text() == "mine"
    assert shown("mysql://me:secret@localhost/study") == "mysql://me:***@localhost/study"


def test_a_study_of_another_question_names_in_what_it_differs() -> None:
    kept = {"model": "tiny", "margin": 0.009, "precisions": ["w4", "w8"]}
    check_question(kept, dict(kept), "ours", "a.db")
    with pytest.raises(ConfigError) as raised:
        check_question(
            kept, kept | {"margin": 0.005, "precisions": ["w4", "float"]}, "ours", "a.db"
        )
    assert (
        "--storage a.db: the study 'ours' is of another margin (0.009 there, 0.005 here),"
        " precisions (w4, w8 there, w4, float here)" in str(raised.value)
    )
