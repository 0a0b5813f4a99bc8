"""Known answers: textbook values, values by definition, and a truth that samples are drawn from."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay import gates, stats
from edgeassay.atomic import sha256_of, write_bytes
from edgeassay.privacy import Redactor
from edgeassay.report.results import digest_of
from edgeassay.selftest.checks import Check, Said, right
from edgeassay.spec import Measurement, Sense, Verdict
from edgeassay.stats import overlap
from edgeassay.stats.arrays import Floats, Mask
from edgeassay.stats.holm import holm

EXACT: Final = 1e-9
CONFIDENCE: Final = 0.95
SAMPLES: Final = 300  # of the simulation
EACH: Final = 40  # images of either kind in a sample
TRUE_AUC: Final = 0.5 * (1.0 + math.erf(0.5))  # of two normals, one apart: Phi(1 / sqrt 2)
# A bound misses the truth in 15 of 300 samples on average, and in more than 33 of them once in
# 50,000 times (binomial).
MOST_MISSES: Final = 33
# "abc" (FIPS 180-2, appendix B.1).
ABC_SHA256: Final = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
NAMED: Final = ("ward7", "/home/mia/scans", "doe-jane.png")


def known_answers(folder: Path) -> Iterator[Check]:
    """The checks that need no network."""
    for subject, planted, expected, ask in (
        ("AUC", "7 scores with ties, counted by hand", "9 of 12 pairs: 0.75", _auc_by_hand),
        ("AUC", "500 scores with many ties", "scikit-learn's value", _auc_by_another),
        ("an AUC's variance", "60 scores", "DeLong's, pair by pair", _variance),
        (
            "an AUC's bounds",
            f"{SAMPLES} samples of a known truth",
            f"each misses it {MOST_MISSES} times at most, and neither never",
            _coverage,
        ),
        ("order statistics", "20 values; 58 and 59 draws", "19; no upper bound, one", _order),
        ("Dice", "two masks of 4 pixels that share 2", "1/2, and IoU 1/3", _dice),
        ("Holm's steps", "p = 0.01, 0.04, 0.03, 0.005 at 5 %", "the 1st and the 4th", _holm),
        ("verdict rules", "intervals around a limit", "as documented", _verdicts),
        (
            "digests",
            "'abc', and one changed verdict",
            "FIPS 180-2's value, and another one",
            partial(_digests, folder),
        ),
        ("redaction", "a host, a path and an image's name", "none is left", _redaction),
    ):
        yield Check(subject=subject, planted=planted, expected=expected, ask=ask)


def _auc(positive: Mask, scores: Floats) -> float:
    return float(stats.class_aucs(positive[:, None].astype(np.int8), scores[:, None])[0])


def _auc_by_hand() -> Said:
    scores = np.array([0.9, 0.8, 0.5, 0.5, 0.7, 0.5, 0.3])
    found = _auc(np.arange(7) < 4, scores)
    return right(abs(found - 0.75) < EXACT, f"{found:.6g}")


def _drawn(seed: int, count: int) -> tuple[Mask, Floats]:
    """So many images of either kind, whose scores are normal and one apart."""
    positive = np.arange(2 * count) < count
    return positive, np.random.default_rng(seed).normal(positive.astype(float), 1.0)


def _auc_by_another() -> Said:
    from sklearn.metrics import roc_auc_score

    positive, scores = _drawn(1, 250)
    scores = np.round(scores, 1)
    found, other = _auc(positive, scores), float(roc_auc_score(positive, scores))
    return right(abs(found - other) < EXACT, f"{found:.9f}, and scikit-learn says {other:.9f}")


def _estimate(positive: Mask, scores: Floats) -> stats.AucEstimate:
    """The AUC with its bounds, of images of as many patients."""
    labels, columns = positive[:, None].astype(np.int8), scores[:, None]
    drop = stats.compare_aucs(labels, columns, columns, np.arange(len(scores))).mean()
    assert drop is not None, "there are images of both kinds"
    return drop.candidate


def _variance() -> Said:
    """By the pairs' matrix itself (DeLong, DeLong & Clarke-Pearson 1988)."""
    positive, scores = _drawn(2, 30)
    above = scores[positive][:, None] - scores[~positive][None, :]
    won = (above > 0) + 0.5 * (above == 0)
    other = sum(won.mean(axis=k).var(ddof=1) / won.shape[1 - k] for k in (0, 1))
    found = _estimate(positive, scores).variance
    return right(abs(found - other) < EXACT, f"{found:.9g}, and pair by pair {other:.9g}")


def _coverage() -> Said:
    above = below = 0
    for seed in range(SAMPLES):
        bounds = _estimate(*_drawn(100 + seed, EACH)).bounds(CONFIDENCE)
        above += bounds.low > TRUE_AUC
        below += bounds.high < TRUE_AUC
    said = f"the lower missed {above} times, the upper {below}"
    return right(0 < above <= MOST_MISSES and 0 < below <= MOST_MISSES, said)


def _order() -> Said:
    value = stats.percentile_upper(np.arange(1, 21), 0.95)
    few = stats.percentile_bounds(np.arange(58), 0.95, CONFIDENCE)[1]
    enough = stats.percentile_bounds(np.arange(59), 0.95, CONFIDENCE)[1]
    wanted = stats.least_count(0.95, CONFIDENCE)  # 59 (Hahn & Meeker 1991)
    holds = (value, few, enough, wanted) == (19.0, None, 58.0, 59)
    return right(holds, f"{value:g}; {few}, {enough}; {wanted} draws are needed")


def _dice() -> Said:
    drawn, marked = np.zeros((2, 3, 4, 1), np.uint8)
    drawn[:2, :2], marked[:2, 1:3] = 1, 1
    pixels = overlap.counts(drawn, marked)
    found = float(overlap.dice(pixels)[0]), float(overlap.jaccard(pixels)[0])
    near = abs(found[0] - 1 / 2) < EXACT and abs(found[1] - 1 / 3) < EXACT
    return right(near, f"{found[0]:.6g}, and IoU {found[1]:.6g}")


def _holm() -> Said:
    found = holm([0.01, 0.04, 0.03, 0.005], 0.05).tolist()
    return right(found == [True, False, False, True], f"rejected: {found}")


def _verdicts() -> Said:
    """Below, around and above a limit of 1; exact; without evidence; without a bound."""
    cases = (
        ((0.5, 0.2, 0.9, None), Verdict.PASS, Verdict.FAIL),
        ((1.0, 0.8, 1.2, None), Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        ((1.5, 1.1, 1.9, None), Verdict.FAIL, Verdict.PASS),
        ((1.0, None, None, None), Verdict.PASS, Verdict.PASS),
        ((1.5, 1.1, 1.9, "few"), Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        ((0.5, 0.2, None, None), Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    )
    wrong = []
    for (value, low, high, why), at_most, at_least in cases:
        measured = Measurement(value=value, unit="", n=9, low=low, high=high, insufficient=why)
        for sense, wanted in ((Sense.AT_MOST, at_most), (Sense.AT_LEAST, at_least)):
            verdict = gates.verdict_of(measured, 1.0, sense)
            if verdict is not wanted:
                wrong.append(f"{low} to {high} {sense} 1 is {verdict}, not {wanted}")
    return right(not wrong, "; ".join(wrong) or f"all {2 * len(cases)} as documented")


def _digests(folder: Path) -> Said:
    path = folder / "abc"
    write_bytes(path, b"abc")
    file = sha256_of(path)
    one, other = (digest_of({"claims": [{"verdict": v}]}) for v in (Verdict.FAIL, Verdict.PASS))
    by_hand = hashlib.sha256(b'{"claims":[{"verdict":"fail"}]}').hexdigest()
    holds = file == ABC_SHA256 and one == by_hand and one != other
    return right(holds, f"{file[:12]}...; {one[:12]}... and {other[:12]}...")


def _redaction() -> Said:
    host, place, image = NAMED
    redactor = Redactor(
        key=bytes(32), root=Path("/srv/project"), names=frozenset({image}), hosts=(host,)
    )
    said = redactor.text(f"{host} read {place}/{image} and {image}")
    return right(not any(name in said for name in NAMED), said)
