"""Sub-networks beside the next wider one: what is declared, what is claimed, and gates seen red."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edgeassay.errors import ConfigError
from edgeassay.evidence import Evidence
from edgeassay.matrix import Plan
from edgeassay.measure.latency import Durations
from edgeassay.measure.processes import Rounds
from edgeassay.slimming.shape import Shape, fresh_arrays, kernel_of, sliced
from edgeassay.spec import ClaimName, Judgement, Verdict
from suites.meta.compared import CASE, REFERENCE, claim, evidence, judged, of, scores
from suites.meta.project import MODEL_TOML
from suites.meta.test_matrix import make

GAIN, RATIO = ClaimName.WIDER_AUC_GAIN, ClaimName.WIDER_LATENCY_RATIO
LIMITS = "[limits]\nwider_auc_gain = -0.01\nwider_latency_ratio = 1.0\n"


def declared(wider: str, limits: str = LIMITS) -> str:
    """A model of three widths, of which the others name a wider one."""
    narrow = f'narrow = {{ method = "fp32", network = "narrow.keras", wider = "{wider}" }}\n'
    middle = 'middle = { method = "fp32", network = "middle.keras", wider = "fp32" }\n'
    text = MODEL_TOML.replace("[runtimes]", f"{narrow}{middle}\n[runtimes]")
    return text.replace("[limits]\n", limits)


def test_only_what_names_a_wider_one_is_held_against_it(tmp_path: Path) -> None:
    plan = make(tmp_path, declared("middle"))
    claimed = {(c.case.variant, c.name) for c in plan.claims if c.name in (GAIN, RATIO)}
    assert claimed == {(v, name) for v in ("narrow", "middle") for name in (GAIN, RATIO)}
    (case,) = (c for c in plan.cases if c.variant == "narrow")
    assert plan.wider_of(case) == replace(case, variant="middle")
    assert plan.wider_of(replace(case, variant="int8")) is None


@pytest.mark.parametrize(
    ("wider", "words"),
    [
        ("midle", r"wider = 'midle' is no variant; did you mean 'middle'\?"),
        ("narrow", "leads back to 'narrow' \\(narrow < narrow\\); the widest has no `wider`"),
    ],
)
def test_a_wider_one_that_can_not_be_is_refused(tmp_path: Path, wider: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make(tmp_path, declared(wider))


def test_widths_in_a_ring_and_of_two_formats_are_refused(tmp_path: Path) -> None:
    ring = declared("middle").replace('wider = "fp32"', 'wider = "narrow"')
    with pytest.raises(ConfigError, match="narrow < middle < narrow"):
        make(tmp_path, ring)
    other = declared("middle").replace(
        'middle = { method = "fp32", network = "middle.keras"', 'middle = { artifact = "m.onnx"'
    )
    with pytest.raises(ConfigError, match=r"is a \.onnx, and narrow a \.tflite"):
        make(tmp_path, other)


def test_a_network_that_segments_has_no_auc_to_gain(tmp_path: Path) -> None:
    masks = 'label = "finding"\npositive = "bright"'
    text = declared("middle").replace(masks, 'masks = { spot = "mask" }')
    text = text.replace("min_auc = 0.7\nmean_auc_drop = 0.05\n", "")
    with pytest.raises(ConfigError, match="wider_auc_gain"):
        make(tmp_path, text)
    timed = make(tmp_path, text.replace("wider_auc_gain = -0.01\n", ""))
    assert {c.case.variant for c in timed.claims if c.name is RATIO} == {"narrow", "middle"}


def test_a_limit_beside_a_wider_one_that_nothing_names_is_refused(tmp_path: Path) -> None:
    alone = MODEL_TOML.replace("[limits]\n", LIMITS)
    with pytest.raises(ConfigError, match="no variant names one; add `wider`"):
        make(tmp_path, alone)
    particular = declared("middle", "[limits]\n") + "wider_latency_ratio = 1.0\n"
    with pytest.raises(ConfigError, match="int8 names none; add `wider`"):
        make(tmp_path, particular)


def gain(shift: float, limit: float, images: int = 2000) -> Judgement:
    """What is said where the narrower one's positives lie lower by `shift`."""
    rng = np.random.default_rng(3)
    labels = (rng.random((images, 1)) < 0.5).astype(np.int8)
    wider, own = scores(rng, labels, shift)
    asked = evidence(of(labels, wider, own))
    plan = SimpleNamespace(wider_of=lambda _: REFERENCE, claims=())
    evaluations = SimpleNamespace(scores=lambda _: wider, beside=lambda _, w: of(labels, w, own))
    rig = SimpleNamespace(model=asked.rig.model, plan=plan)
    return judged(
        cast(Evidence, SimpleNamespace(rig=rig, evaluations=evaluations)), claim(GAIN, limit)
    )


def test_a_width_that_a_wider_one_does_not_reach_is_red() -> None:
    assert gain(0.5, -0.01).verdict is Verdict.PASS
    red = gain(-0.5, -0.01)
    assert red.verdict is Verdict.FAIL
    assert red.measurement is not None
    assert red.measurement.value < -0.01
    assert red.measurement.high is not None
    assert red.measurement.high < -0.01
    assert gain(0.0, 0.0).verdict is Verdict.INCONCLUSIVE
    assert gain(0.5, -0.01, images=20).verdict is Verdict.INCONCLUSIVE


def ratio(own_ms: float, wider_ms: float, excess: str | None = None) -> Judgement:
    """What is said of five processes in which both took turns."""
    rng = np.random.default_rng(4)

    def rounds(ms: float) -> Rounds:
        drawn = rng.normal(ms * 1e6, ms * 1e4, (5, 30)).astype(np.int64)
        return Rounds(durations=drawn, drawn=np.zeros(5, np.int64))

    durations = Durations(
        candidate=rounds(own_ms), reference=rounds(wider_ms), starts=(), worker={}
    )
    wider = replace(CASE, variant="wider")
    pairs = {(CASE, wider): durations}
    timings = SimpleNamespace(in_turn=lambda *cases: pairs[cases], excess=lambda *_: excess)
    plan = SimpleNamespace(wider_of=lambda _: wider, reference_of=lambda _: REFERENCE)
    model = SimpleNamespace(statistics=SimpleNamespace(confidence=0.95))
    rig = SimpleNamespace(plan=cast(Plan, plan), model=lambda _: model)
    return judged(cast(Evidence, SimpleNamespace(rig=rig, timings=timings)), claim(RATIO, 1.0))


def test_a_width_that_is_no_faster_than_a_wider_one_is_red() -> None:
    assert ratio(1.0, 2.0).verdict is Verdict.PASS
    assert ratio(2.0, 1.0).verdict is Verdict.FAIL
    assert ratio(2.0, 1.0).reference == pytest.approx(1.0, rel=0.02)
    assert ratio(1.0, 2.0, "others were there").verdict is Verdict.INCONCLUSIVE


SHAPE = Shape(image=(8, 8, 1), classes=2, channels=(4, 8), widths=(25, 50, 100))


@pytest.mark.parametrize("width", SHAPE.widths)
def test_a_width_has_the_first_channels_of_what_is_shared(width: int) -> None:
    arrays = fresh_arrays(SHAPE, 1)
    first, scale, *_ = own = sliced(arrays, SHAPE, width)
    one, two = SHAPE.channels_of(width)
    assert [a.shape for a in own if a.ndim == 4] == [(3, 3, 1, one), (3, 3, one, two)]
    assert np.array_equal(first, arrays[kernel_of(0)][:, :, :1, :one])
    assert scale.shape == (one,)
    assert own[-2].shape == (two, 2)
    assert np.shares_memory(own[-1], arrays["dense/bias"])


@pytest.mark.parametrize("widths", [(25, 50), (50, 25, 100), (0, 100), (30, 100), ()])
def test_widths_that_leave_no_whole_channels_or_no_full_width_are_refused(
    widths: tuple[int, ...],
) -> None:
    with pytest.raises(ValueError, match=r"must rise|no whole channels"):
        replace(SHAPE, widths=widths)
