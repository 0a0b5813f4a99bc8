"""Each case's times, measured once; one run at a time is timed."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path

from filelock import FileLock

from edgeassay.build import seed_of
from edgeassay.measure.latency import Durations, time_case
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.rig import Rig
from edgeassay.spec import Case


class Timings:
    """Makes and keeps what the cases of a plan took."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._durations: dict[Case, Durations] = {}

    def durations(self, case: Case) -> Durations:
        """The case's durations, taken in turn with its reference's."""
        if case not in self._durations:
            rig = self._rig
            artifact, whole = rig.artifact(case), rig.plan.reference_of(case)
            reference = None if whole == case else rig.artifact(whole)
            settings, seed = rig.model(case).random_inputs, seed_of(case.id)
            with _alone():
                self._durations[case] = time_case(
                    artifact,
                    reference,
                    start_worker=lambda: rig.start_worker(case),
                    runtime=rig.runtime(case),
                    timing=rig.plan.device.timing,
                    inputs=lambda loaded: random_inputs(loaded, settings, seed),
                    seed=seed,
                    label=f"timing {case.id}",
                    report=rig.report,
                )
        return self._durations[case]

    def known(self, case: Case) -> Durations | None:
        """The case's durations where they have been measured."""
        return self._durations.get(case)


def _alone() -> FileLock:
    """Held while something is timed, so that two runs of one user don't time beside each other."""
    return FileLock(Path(tempfile.gettempdir(), f"edgeassay-timing-{getpass.getuser()}.lock"))
