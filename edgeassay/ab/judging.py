"""All cases of two sides, measured one after another, and the verdict on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from edgeassay.ab.cases import Contest, Matched
from edgeassay.ab.gate import Outcome, Stopped, broken, run_gate
from edgeassay.ab.sides import Origin
from edgeassay.ab.signatures import other_graphs
from edgeassay.artifacts import Artifact
from edgeassay.build import seed_of
from edgeassay.devices import check_timed, command_of, start_worker
from edgeassay.errors import Absent
from edgeassay.measure.alone import alone
from edgeassay.measure.fit import load_artifact
from edgeassay.measure.latency import SOFTWARE_TIMES, stack_of
from edgeassay.measure.pairs import Ready, Side, time_pair
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.progress import Reporter
from edgeassay.spec import Allowed, Comparison, DeviceSpec, RandomInputs, RuntimeSpec, Verdict
from edgeassay.stats.sequential import plan_looks
from edgeassay.workers import Worker

UNCHANGED: Final = Outcome(
    verdict=Verdict.PASS,
    stopped=Stopped.UNCHANGED,
    reason="the same bytes, run in the same way",
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A case, what was found, and the limits that it was held against."""

    contest: Contest
    allowed: Allowed
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What cases are timed with; `seed` draws the order of turns."""

    settings: Comparison
    device: DeviceSpec
    seed: int
    report: Reporter

    def judge(self, contests: Sequence[Contest]) -> list[Judged]:
        """Time every case that isn't the same on both sides; all timed ones share the error rate.
        Where a runtime isn't there its cases are unmeasured, and the others stand.
        """
        timed = sum(not contest.unchanged for contest in contests)
        judged = []
        for contest in contests:
            allowed = self.settings.allowed(contest.name, contest.case)
            try:
                outcome = UNCHANGED if contest.unchanged else self._time(contest, allowed, timed)
            except Absent as error:
                outcome = broken(error)
            judged.append(Judged(contest=contest, allowed=allowed, outcome=outcome))
        return judged

    def _time(self, contest: Contest, allowed: Allowed, timed: int) -> Outcome:
        """One of so many timed cases."""
        check_timed(self.device, contest.base_runtime, contest.base_spec)
        check_timed(self.device, contest.head_runtime, contest.head_spec)
        if (error := other_graphs(contest.base, contest.head)) is not None:
            return broken(error)
        gate = self.settings.gate
        rng = np.random.default_rng([self.seed, seed_of(contest.name)])
        seed, inputs = seed_of(contest.case.model), contest.random_inputs
        base = _side(contest.base, contest.base_spec, inputs, self.device, seed=seed)
        head = _side(contest.head, contest.head_spec, inputs, self.device, seed=seed)
        most = plan_looks(gate.false_alarms / timed, gate.false_passes, gate.looks).counts[-1]
        with alone(), self.report(f"{contest.name}: pairs", most) as advance:
            return run_gate(
                lambda: time_pair(base, head, self.settings.spans, rng),
                allowed,
                gate,
                cases=timed,
                advance=advance,
            )


def _side(
    artifact: Artifact, runtime: RuntimeSpec, inputs: RandomInputs, device: DeviceSpec, *, seed: int
) -> Side:
    """How one side's workers start and are made ready; both sides get the same numbers."""

    def load(worker: Worker) -> Ready:
        loaded = load_artifact(worker, artifact, runtime, "artifact")
        if loaded.facts.get("software"):
            raise Absent(f"{artifact.label}: {SOFTWARE_TIMES}")
        return Ready(
            worker=worker,
            loaded=loaded,
            inputs=random_inputs(loaded, inputs, seed),
            stack=stack_of(runtime, worker.facts, loaded.facts),
        )

    command_of(device, runtime.worker)
    start = partial(start_worker, device, runtime, label=artifact.label)
    return Side(start=start, load=load, threads=runtime.threads)


# The first of these that a case has is the exit code of all.
EXITS: Final[Mapping[Verdict, int]] = {
    Verdict.FAIL: 1,
    Verdict.UNMEASURED: 4,
    Verdict.INCOMPARABLE: 4,
    Verdict.INCONCLUSIVE: 3,
    Verdict.PASS: 0,
}


def overall(judged: Sequence[Judged], matched: Matched, origins: Sequence[Origin]) -> Verdict:
    """The verdict on all cases together; those that HEAD lacks are unmeasured, those that couldn't
    be built on a side too, and so is nothing at all.
    """
    found = {one.outcome.verdict for one in judged}
    unbuilt = any(origin.missing for origin in origins)
    if matched.missing or unbuilt or not judged:
        found.add(Verdict.UNMEASURED)
    return next(verdict for verdict in EXITS if verdict in found)
