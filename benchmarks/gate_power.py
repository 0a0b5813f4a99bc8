"""How often the gate of `edgeassay ab` alarms for nothing, and what it finds, beside other rules.

`python benchmarks/gate_power.py [--pools FILE]` records pairs of fresh processes with true
slowdowns that are real extra work inside the measured span (edgeassay/selftest/slower.py), quiet
and with a process that keeps another CPU busy, and lets four rules judge them. Prints the tables of
docs/statistics.md. About 20 minutes; where FILE exists, it only judges what is there. Needs two
CPUs that do nothing else, and edgeassay[build].

`python benchmarks/gate_power.py --correlated` judges simulated pairs instead, whose noise carries
over from one pair to the next: 1 minute, any machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from edgeassay.build import build
from edgeassay.changes import Pair as ChangedPair
from edgeassay.changes import judge_times
from edgeassay.config import load_models
from edgeassay.config.comparison import load_comparison
from edgeassay.datasets import open_dataset
from edgeassay.measure.latency import stack_of
from edgeassay.measure.pairs import Ready, Side, time_pair
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.progress import silent
from edgeassay.runs.saved import Timed
from edgeassay.selftest.slower import work
from edgeassay.spec import RandomInputs, RuntimeSpec, Verdict
from edgeassay.stats.sequential import decide_slowdown, plan_looks
from edgeassay.workers import Worker

ROOT = Path(__file__).resolve().parent.parent
Array = npt.NDArray[np.float64]

SLOWDOWNS = (0.0, 0.02, 0.03, 0.05, 0.10, 0.20)
# Model, variant, kernels, slowdowns and pairs of each: one of the size most are, a small, a large.
SUBJECTS = (
    ("phantom-cnn", "fp32", "xnnpack", SLOWDOWNS, 60),
    ("phantom-cnn", "drq", "xnnpack", (0.0, 0.05), 30),
    ("pneumonia-densenet121", "fp32", "builtin", (0.0, 0.05), 30),
)
LOADS = ("quiet", "loaded")
SPANS = load_comparison(None, ROOT).spans
GATE = load_comparison(None, ROOT).gate
NOISE = load_comparison(None, ROOT).noise
LIMITS = load_comparison(None, ROOT).allowed("", None)
CASES = 10  # of a pull request
DRAWS = 2_000
BLOCK = 8  # consecutive pairs that are drawn together
ASV_PROCESSES = 10
SAVED_PROCESSES = (5, 10, 20)  # of a saved run: the default profile's, and more
SAVED_DRAWS = 1_000
CORRELATIONS = (0.0, 0.25, 0.5, 0.75)
MOST_PAIRS = 60


def side(path: Path, kernels: str, units: int) -> Side:
    """A side that does so much extra work."""
    runtime = RuntimeSpec(kernels=kernels)  # type: ignore[arg-type]
    command = ["{python}", str(ROOT / "edgeassay" / "selftest" / "slower.py"), str(units)]

    def load(worker: Worker) -> Ready:
        loaded = worker.load(path, runtime, "artifact", path.name)
        inputs = random_inputs(loaded, RandomInputs(), 1)
        stack = stack_of(runtime, worker.facts)
        return Ready(worker=worker, loaded=loaded, inputs=inputs, stack=stack)

    start = partial(Worker, command, "litert", label=path.name, timeout_s=120.0)
    return Side(start=start, load=load, threads=1)


@contextmanager
def competing(load: str) -> Iterator[None]:
    """A process of a session of its own that keeps one CPU busy, where `load` says so."""
    if load == "quiet":
        yield
        return
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def units_of(path: Path, kernels: str) -> float:
    """How many units of extra work double the time: from pairs that have about that."""
    started = time.perf_counter()
    work(1000)
    each_s = (time.perf_counter() - started) / 1000
    rng = np.random.default_rng(0)
    base_s = time_pair(side(path, kernels, 0), side(path, kernels, 0), SPANS, rng).base_ms / 1e3
    units = round(base_s / each_s)
    pairs = [
        time_pair(side(path, kernels, 0), side(path, kernels, units), SPANS, rng) for _ in range(10)
    ]
    return units / float(np.expm1(np.median([pair.log_ratio for pair in pairs])))


def record(path: Path, kernels: str, slowdowns: tuple[float, ...], count: int) -> list[Any]:
    """Pools of pairs: for each load and slowdown the log ratio, both medians in ms, the seconds."""
    doubling = units_of(path, kernels)
    rng, pools = np.random.default_rng(1), []
    for load in LOADS:
        with competing(load):
            for slowdown in slowdowns:
                slower = side(path, kernels, round(doubling * slowdown))
                rows = []
                for _ in range(count):
                    started = time.monotonic()
                    pair = time_pair(side(path, kernels, 0), slower, SPANS, rng)
                    seconds = time.monotonic() - started
                    rows.append([pair.log_ratio, pair.base_ms, pair.head_ms, seconds])
                logs = np.array(rows)[:, 0]
                print(
                    f"{path.stem} {load} {slowdown:.0%}: median {np.median(logs):+.2%}, sd"
                    f" {logs.std(ddof=1):.2%}, {np.mean([r[3] for r in rows]):.2f} s a pair",
                    file=sys.stderr,
                    flush=True,
                )
                pools.append({"load": load, "slowdown": slowdown, "pairs": rows})
    return pools


def record_all() -> list[Any]:
    """The pools of all subjects."""
    models = load_models([ROOT / "models"], ROOT)
    found = []
    for name, variant, kernels, slowdowns, count in SUBJECTS:
        with tempfile.TemporaryDirectory() as folder:
            made = build(
                models[name],
                [variant],
                cache=Path(folder),
                open_data=partial(open_dataset, data_root=None),
                report=silent,
            )
            path = made.artifacts[variant].path
            pools = record(path, kernels, slowdowns, count)
        found.append({"subject": f"{name} {variant}, {kernels}", "pools": pools})
    return found


def in_blocks(rng: np.random.Generator, pool: int, count: int) -> npt.NDArray[np.int64]:
    """Indices of `count` pairs, drawn in blocks of consecutive ones."""
    starts = rng.integers(0, pool, -(-count // BLOCK))
    return ((starts[:, None] + np.arange(BLOCK)) % pool).reshape(-1)[:count]


def ours(
    rng: np.random.Generator, rows: Array, cases: int, *, blocks: bool = True
) -> tuple[bool | None, int]:
    """Whether the gate fails one case among so many, or passes it, and the pairs that it took;
    pairs are drawn in blocks, or taken as they come.
    """
    looks = plan_looks(GATE.false_alarms / cases, GATE.false_passes, GATE.looks)
    tolerated, unacceptable = np.log1p(LIMITS.slowdowns(float(np.median(rows[:, 1]))))
    most = min(looks.counts[-1], int(GATE.max_time_s / rows[:, 3].mean()))
    drawn = rows[in_blocks(rng, len(rows), most), 0] if blocks else rows[:most, 0]
    for count in [*(c for c in looks.counts if c < most), most]:
        _, low, high = looks.bounds(drawn[:count])
        shown = decide_slowdown(low, high, tolerated, unacceptable)
        if shown is not None:
            return shown, count
    return None, most


def fixed(rng: np.random.Generator, rows: Array, threshold: float) -> bool:
    """pytest-benchmark's rule: the medians of two runs, a process each."""
    base, head = (rows[rng.integers(0, len(rows)), column] for column in (1, 2))
    return bool(head > base * (1.0 + threshold))


def asv(rng: np.random.Generator, rows: Array) -> bool:
    """Asv's rule: 10 processes a side, Mann-Whitney p < 0.002, and a factor of 1.1."""
    base, head = (
        rows[(rng.integers(0, len(rows)) + np.arange(ASV_PROCESSES)) % len(rows), column]
        for column in (1, 2)
    )
    shown = stats.mannwhitneyu(base, head, alternative="two-sided").pvalue < 0.002
    return bool(shown and np.median(head) > 1.1 * np.median(base))


def saved(rng: np.random.Generator, rows: Array, processes: int) -> Verdict:
    """What `edgeassay compare` says of two saved runs with so many processes, from different
    moments.
    """
    starts = rng.integers(0, len(rows), 2)
    base, head = (
        rows[(start + np.arange(processes)) % len(rows), column]
        for start, column in zip(starts, (1, 2), strict=True)
    )
    pair = ChangedPair(base=_timed(base), head=_timed(head), allowed=LIMITS)
    return judge_times([pair], NOISE)[0].verdict


def _timed(medians_ms: Array) -> Timed:
    """A saved benchmark, of whose processes the medians are known."""
    return Timed(
        key="a",
        name="a",
        case=None,
        artifact_sha256=None,
        stack={},
        processes=tuple(np.array([one / 1e3]) for one in medians_ms),
        median_s=float(np.median(medians_ms)) / 1e3,
    )


def saved_table(found: list[Any]) -> list[str]:
    """The first subject's pools as saved runs."""
    rows = [
        "| load | true slowdown |"
        + "".join(f" {n} processes: fails / passes % |" for n in SAVED_PROCESSES),
        "|---|---|" + "---|" * len(SAVED_PROCESSES),
    ]
    for pool in found[0]["pools"]:
        rng, pairs = np.random.default_rng(4), np.array(pool["pairs"])
        cells = []
        for processes in SAVED_PROCESSES:
            said = [saved(rng, pairs, processes) for _ in range(SAVED_DRAWS)]
            fails, passes = (share([v is w for v in said]) for w in (Verdict.FAIL, Verdict.PASS))
            cells.append(f" {fails} / {passes} |")
        rows.append(f"| {pool['load']} | {100 * pool['slowdown']:g} % |" + "".join(cells))
    return rows


def share(values: list[bool]) -> str:
    """A percentage."""
    return f"{100 * np.mean(values):.1f}"


def table(found: list[Any]) -> list[str]:
    """Every pool, judged by four rules."""
    rows = [
        "| subject | load | true slowdown | sd of a pair | ours: fails % | passes % | pairs, s |"
        f" of {CASES} cases: fails % | median:5% | median:10% | asv |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for subject in found:
        for pool in subject["pools"]:
            rng, pairs = np.random.default_rng(2), np.array(pool["pairs"])
            alone = [ours(rng, pairs, 1) for _ in range(DRAWS)]
            among = [ours(rng, pairs, CASES)[0] is True for _ in range(DRAWS)]
            five, ten = (
                [fixed(rng, pairs, threshold) for _ in range(DRAWS)] for threshold in (0.05, 0.1)
            )
            counts = [count for _, count in alone]
            typical = f"{np.median(counts):.0f}, {np.median(counts) * pairs[:, 3].mean():.0f}"
            rows.append(
                f"| {subject['subject']} ({np.median(pairs[:, 1]):.1f} ms) | {pool['load']} |"
                f" {100 * pool['slowdown']:g} % | {100 * pairs[:, 0].std(ddof=1):.1f} % |"
                f" {share([shown is True for shown, _ in alone])} |"
                f" {share([shown is False for shown, _ in alone])} | {typical} | {share(among)} |"
                f" {share(five)} | {share(ten)} |"
                f" {share([asv(rng, pairs) for _ in range(DRAWS)])} |"
            )
    return rows


def alarms(found: list[Any]) -> list[str]:
    """False alarms of whole pull requests without any slowdown."""
    rows = [
        f"| load | pull requests of {CASES} cases that fail % | of them with median:5% |"
        " median:10% | asv |",
        "|---|---|---|---|---|",
    ]
    for load in LOADS:
        rng = np.random.default_rng(3)
        pools = [
            np.array(pool["pairs"])
            for subject in found
            for pool in subject["pools"]
            if pool["load"] == load and pool["slowdown"] == 0.0
        ]
        cases = [pools[k % len(pools)] for k in range(CASES)]
        judged = [
            [
                any(ours(rng, case, CASES)[0] is True for case in cases),
                any(fixed(rng, case, 0.05) for case in cases),
                any(fixed(rng, case, 0.10) for case in cases),
                any(asv(rng, case) for case in cases),
            ]
            for _ in range(DRAWS)
        ]
        rows.append(
            f"| {load} | " + " | ".join(share(list(c)) for c in zip(*judged, strict=True)) + " |"
        )
    return rows


def correlated() -> list[str]:
    """One case whose pairs' noise is a first-order autoregression: how often it fails if it isn't
    slower, and if it is by just as much as is tolerated.
    """
    tolerated = float(np.log1p(LIMITS.slowdowns(10.0)[0]))
    rows = [
        "| correlation of a pair's noise with the next | not slower: fails % |"
        f" {100 * np.expm1(tolerated):.2g} % slower, which is tolerated: fails % |",
        "|---|---|---|",
    ]
    for likeness in CORRELATIONS:
        rng, cells = np.random.default_rng(5), []
        for slowdown in (0.0, tolerated):
            fails = [
                ours(rng, _autoregressed(rng, likeness, slowdown), 1, blocks=False)[0] is True
                for _ in range(DRAWS)
            ]
            cells.append(share(fails))
        rows.append(f"| {likeness:g} | {cells[0]} | {cells[1]} |")
    return rows


def _autoregressed(rng: np.random.Generator, likeness: float, slowdown: float) -> Array:
    """Pairs as `record` writes them, of 10 ms and 1 s each, whose log ratios spread by 1 %."""
    noise = rng.normal(size=MOST_PAIRS)
    for k in range(1, MOST_PAIRS):
        noise[k] = likeness * noise[k - 1] + np.sqrt(1.0 - likeness**2) * noise[k]
    return np.stack(
        [slowdown + 0.01 * noise, *np.full((2, MOST_PAIRS), 10.0), np.ones(MOST_PAIRS)], 1
    )


def main() -> None:
    """Record, or take what was recorded, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=Path, help="keep the recorded pairs here, or take them")
    parser.add_argument("--correlated", action="store_true", help="judge simulated pairs")
    options = parser.parse_args()
    if options.correlated:
        sys.stdout.write("\n".join([*correlated(), ""]))
        return
    pools = options.pools
    if pools is not None and pools.exists():
        found = json.loads(pools.read_text(encoding="utf-8"))
    else:
        found = record_all()
        if pools is not None:
            pools.write_text(json.dumps(found), encoding="utf-8")
    sys.stdout.write("\n".join([*table(found), "", *alarms(found), "", *saved_table(found), ""]))


if __name__ == "__main__":
    main()
