"""A limit that can't fail, or can't hold, is refused: of every claim, at and beyond each end."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import pytest

from edgeassay.config import load_device, load_model
from edgeassay.config.comparison import load_comparison
from edgeassay.config.excuses import check_excuse
from edgeassay.config.limits import read_limits
from edgeassay.errors import ConfigError
from edgeassay.spec import SENSIBLE_CHANGES, TRAITS, Allowed, ClaimName, Sensible
from suites.meta.project import DEVICE_TOML, MODEL_TOML

LIMITED = [name for name, traits in TRAITS.items() if not traits.of_baseline]
NUMBERS = [name for name in LIMITED if not TRAITS[name].flag]
TODAY = date(2026, 11, 30)


def read(claim: ClaimName, value: object) -> float:
    (rule,) = read_limits({claim: value}, variants=(), classes=None, where="model.toml")
    return rule.limit.value


def ends(range_: Sensible) -> tuple[list[float], list[float]]:
    """Limits at both ends of a range, and just beyond them."""
    if range_.above is not None:
        return [math.nextafter(range_.above, math.inf), range_.most], [
            range_.above,
            math.nextafter(range_.most, math.inf),
        ]
    assert range_.least is not None
    return [range_.least, range_.most], [
        math.nextafter(range_.least, -math.inf),
        math.nextafter(range_.most, math.inf),
    ]


def test_every_claim_has_a_range_that_ends_on_both_sides() -> None:
    assert set(TRAITS) == set(ClaimName)
    assert set(SENSIBLE_CHANGES) == set(Allowed.__dataclass_fields__)
    for range_ in (*(t.sensible for t in TRAITS.values()), *SENSIBLE_CHANGES.values()):
        assert (range_.least is None) != (range_.above is None)
        assert math.isfinite(range_.most)
        assert range_.why


@pytest.mark.parametrize("claim", NUMBERS)
def test_a_limit_at_an_end_is_taken_and_one_beyond_it_is_refused(claim: ClaimName) -> None:
    at, beyond = ends(TRAITS[claim].sensible)
    for value in at:
        assert read(claim, value) == value
    refused: list[object] = [*beyond, math.nan, math.inf, -math.inf, True, "0.1"]
    for given in refused:
        with pytest.raises(ConfigError) as raised:
            read(claim, given)
        assert f"model.toml: limits.{claim} = {given!r} is not valid: it " in str(raised.value)


@pytest.mark.parametrize(
    "claim", [name for name in NUMBERS if TRAITS[name].unit in ("ratio", "kB", "ms", "MB")]
)
@pytest.mark.parametrize("value", [0, -1, -0.001])
def test_no_ratio_and_no_budget_is_zero_or_less(claim: ClaimName, value: float) -> None:
    with pytest.raises(ConfigError, match="it must be more than 0"):
        read(claim, value)


@pytest.mark.parametrize(
    ("claim", "value", "words"),
    [
        ("mean_auc_drop", 3, "0 or more and at most 0.2, because .*; did you mean 0.03 .3 %.?"),
        ("mean_auc_drop", -0.01, "; did you mean 0.01?"),
        ("mean_auc_drop", 0.5, "at most 0.2"),
        ("min_auc", -5, "0.5 or more and at most 1"),
        ("min_auc", 0, "0.5 or more"),
        ("min_auc", 95, "did you mean 0.95"),
        ("size_ratio", 35, "did you mean 0.35"),
        ("size_ratio", 100, "at most 2, because it is a share of the reference"),
        ("latency_ratio", 1000, "at most 50"),
        ("latency_p95_ms", 900_000, "did you mean 900?"),
    ],
)
def test_the_sentence_says_what_was_probably_meant(claim: str, value: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        read(ClaimName(claim), value)
    assert f"limits.{claim} = {value}" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [
        "\n[limits.fp32]\nmin_auc = 0\n",
        '\n[[limit]]\nclaim = "mean_auc_drop"\nlimit = 1\nvariant = "int8"\n',
        "\n[limits.int8.class_auc_drop]\nlimit = 0.02\nclasses = { bright = 2 }\n",
        "\n[statistics]\nconfidence = 0.5\n",
        "\n[statistics]\nconfidence = nan\n",
        "\n[statistics]\npower = 0.0\n",
        "\n[statistics]\nmin_positives = 0\n",
        "\n[statistics]\nmin_negatives = 1\n",
        "\n[statistics]\nresamples = 1\n",
    ],
)
def test_every_place_in_a_model_is_checked(tmp_path: Path, more: str) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/model.toml").write_text(MODEL_TOML + more, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tiny/model\.toml: "):
        load_model(tmp_path / "tiny", tmp_path)


def test_a_device_profiles_limits_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    for more in (
        "latency_p95_ms = 0",
        "peak_memory_mb = inf",
        '[[limit]]\nmodel = "tiny"\nclaim = "mean_auc_drop"\nlimit = 3',
    ):
        path.write_text(DEVICE_TOML.replace("latency_p95_ms = 10000.0", more), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"bench\.toml: .*is not valid"):
            load_device(path, tmp_path)


@pytest.mark.parametrize("key", SENSIBLE_CHANGES)
def test_what_may_change_between_builds_has_its_range(tmp_path: Path, key: str) -> None:
    path, others = tmp_path / "compare.toml", "tolerated = 0.0\nunacceptable = 1.0\n"
    at, beyond = ends(SENSIBLE_CHANGES[key])
    for value in (*at, *beyond, math.nan, math.inf):
        rest = "\n".join(line for line in others.splitlines() if not line.startswith(key))
        path.write_text(f"[limits]\n{rest}\n{key} = {value!r}\n", encoding="utf-8")
        if value in at:
            load_comparison(path, tmp_path)
            continue
        with pytest.raises(ConfigError, match=rf"compare\.toml: limits\.{key} = .*it must be"):
            load_comparison(path, tmp_path)


@pytest.mark.parametrize("key", ["process_cv", "run_cv", "summary_slowdown"])
@pytest.mark.parametrize("value", ["1.5", "-0.1", "1e5", "nan", "inf"])
def test_noise_that_would_hide_every_slowdown_is_refused(
    tmp_path: Path, key: str, value: str
) -> None:
    path = tmp_path / "compare.toml"
    path.write_text(f"[noise]\n{key} = {value}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"noise\.{key} = .*it must be"):
        load_comparison(path, tmp_path)


REASONS = [
    *("", " ", "x", ".", "...", "TODO", "todo: say why it is slower", "a b c", "1 2 3", "- - -"),
    *("why why why why", "it is", "TBD later by somebody", "known", "x y z x y z"),
]


@pytest.mark.parametrize("kind", ["deviation", "accepted", "waiver"])
@pytest.mark.parametrize("reason", REASONS)
def test_an_excuse_needs_a_reason_of_words(kind: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=r"f:1\.reason = .* tells nobody why"):
        check_excuse(kind, reason, TODAY, source="f:1", today=TODAY)


@pytest.mark.parametrize("reason", ["slower on old kernels", "量子化すると遅くなるためです"])
@pytest.mark.parametrize(("kind", "days"), [("deviation", 731), ("accepted", 731), ("waiver", 366)])
def test_an_excuse_ends_within_a_stated_span(kind: str, days: int, reason: str) -> None:
    last = TODAY + timedelta(days=days)
    check_excuse(kind, reason, last, source="f:1", today=TODAY)
    check_excuse(kind, reason, date(2001, 1, 1), source="f:1", today=TODAY)
    for late in (last + timedelta(days=1), date(9999, 12, 31)):
        words = rf"f:1\.expires = {late} is more than {days} days ahead; choose {last} or earlier"
        with pytest.raises(ConfigError, match=words):
            check_excuse(kind, reason, late, source="f:1", today=TODAY)


@pytest.mark.parametrize(
    ("reason", "expires"), [("x", "2027-01-01"), ("it is known", "9999-12-31")]
)
def test_a_model_with_such_a_deviation_is_refused(
    tmp_path: Path, reason: str, expires: str
) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/model.toml").write_text(
        f'{MODEL_TOML}\n[[deviation]]\nclaim = "min_auc"\nreason = "{reason}"\n'
        f"expires = {expires}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"tiny/model\.toml:deviation\[0\]\."):
        load_model(tmp_path / "tiny", tmp_path, TODAY)


def test_a_deviation_that_was_near_enough_never_becomes_too_far(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/model.toml").write_text(
        f'{MODEL_TOML}\n[[deviation]]\nclaim = "min_auc"\nreason = "it is known"\n'
        "expires = 2027-12-31\n",
        encoding="utf-8",
    )
    for today in (TODAY, date(2027, 12, 31), date(2030, 1, 1)):
        assert load_model(tmp_path / "tiny", tmp_path, today).deviations
