"""What a run is judged against beside its limits: what was promoted, what may change from there,
and what was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from edgeassay.baselines.files import (
    Baseline,
    Line,
    baseline_path,
    hardware_of,
    read_baseline,
)
from edgeassay.changes.timing import typical_ms
from edgeassay.config.acceptance import load_accepted
from edgeassay.config.comparison import load_comparison
from edgeassay.config.loading import relative
from edgeassay.errors import Absent, ConfigError, Incomparable, some
from edgeassay.runs.estimates import EstimateRecord
from edgeassay.runs.saved import Timed
from edgeassay.spec import (
    TRAITS,
    Accepted,
    Case,
    Claim,
    ClaimName,
    Comparison,
    Limit,
    ModelSpec,
    task_of,
)

PROMOTE: Final = {
    Line.LAST: "edgeassay baseline promote last",
    Line.RELEASED: "edgeassay baseline promote RUN --released",
}


@dataclass(frozen=True, kw_only=True)
class Against:
    """The baselines of this machine's hardware, and which cases have some on other hardware."""

    folder: Path
    root: Path
    fingerprint: str
    lines: Mapping[Line, Baseline | None]
    elsewhere: Mapping[Line, Mapping[Case, str]]
    comparison: Comparison
    accepted: tuple[Accepted, ...]
    estimates: Mapping[Case, Baseline] = field(default_factory=dict)

    def promoted(self, case: Case, line: Line) -> tuple[Baseline, Timed]:
        """A case's baseline; Incomparable where only other hardware has one, Absent where none
        has.
        """
        baseline = self.lines[line]
        timed = None if baseline is None else baseline.timed(case)
        if baseline is not None and timed is not None:
            return baseline, timed
        if (other := self.elsewhere[line].get(case)) is not None:
            raise Incomparable(
                f"the {line} baseline is of other hardware, {other}, and this is"
                f" {self.fingerprint}; promote a run of this machine (`{PROMOTE[line]}`)"
            )
        raise self._none(line)

    def estimated(self, case: Case) -> tuple[Baseline, EstimateRecord]:
        """A case's promoted estimate, which doesn't depend on the hardware that compiled it; Absent
        where none has one.
        """
        baseline = self.estimates.get(case)
        found = None if baseline is None else baseline.estimate(case)
        if baseline is None or found is None:
            raise self._none(Line.LAST)
        return baseline, found

    def _none(self, line: Line) -> Absent:
        """That nothing was promoted, and what to do."""
        path = relative(baseline_path(self.folder, self.fingerprint, line), self.root)
        what = "isn't there" if self.lines[line] is None else "doesn't have it"
        return Absent(
            f"no baseline: {path} {what}; save a run of a clean tree with `pytest --benchmark"
            f" --benchmark-autosave`, and `{PROMOTE[line]}` makes it one"
        )


def load_against(folder: Path, fingerprint: str, root: Path) -> Against:
    """What stands in a folder of baselines, with the project's compare.toml. ConfigError or
    DataError where a file isn't as it must be.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--baselines {folder}: it is no folder; name one")
    lines = {line: read_baseline(folder, fingerprint, line) for line in Line}
    elsewhere: dict[Line, dict[Case, str]] = {line: {} for line in Line}
    others: list[Baseline] = []
    for line in Line:
        for other in hardware_of(folder, line):
            if other != fingerprint and (found := read_baseline(folder, other, line)) is not None:
                others.append(found)
                name = _told(found)
                elsewhere[line] |= dict.fromkeys(found.origins, name)
    own = lines[Line.LAST]
    last = [one for one in others if one.path.stem == Line.LAST] + ([own] if own else [])
    return Against(
        folder=folder,
        root=root,
        fingerprint=fingerprint,
        lines=lines,
        elsewhere=elsewhere,
        comparison=load_comparison(None, root),
        accepted=load_accepted(folder, root),
        estimates={Case(**vars(id_)): one for one in last for id_ in one.run.estimates},
    )


def _told(baseline: Baseline) -> str:
    """Hardware by its fingerprint, and by its processor where that is known."""
    model = baseline.run.machine.get("cpu_model")
    return baseline.run.hardware + (f" ({some([model])})" if model else "")


def baseline_claims(
    cases: Iterable[Case], models: Mapping[str, ModelSpec], against: Against
) -> Iterator[Claim]:
    """The claims of each case against its baselines: without data none about quality, of what is
    segmented none about an AUC, and of a
    runtime whose times say nothing, and which is never promoted, none; of what is only compiled,
    its cycles.
    """
    for case in cases:
        traits = models[case.model].runtimes[case.runtime].traits
        for name, limit in _limits(case, against).items() if traits.timed else ():
            of_cycles = name is ClaimName.BASELINE_CYCLES_RATIO
            has_data = models[case.model].data is not None
            if TRAITS[name].task not in (None, task_of(models[case.model].data)):
                continue  # what is segmented has no scores that a saved run could keep
            if of_cycles != traits.executes and (has_data or not TRAITS[name].needs_data):
                yield Claim(name=name, case=case, limit=limit)


def _limits(case: Case, against: Against) -> dict[ClaimName, Limit]:
    """What compare.toml allows: of time and bytes as ratios to the baseline's."""
    allowed = against.comparison.allowed(case.id, case)
    baseline = against.lines[Line.LAST]
    timed = None if baseline is None else baseline.timed(case)
    slow, slower = allowed.tolerated.value, allowed.unacceptable.value
    if timed is not None:
        slow, slower = allowed.slowdowns(typical_ms(timed))
    source = allowed.unacceptable if slower == allowed.unacceptable.value else allowed.floor_ms
    growth = allowed.size_growth
    return {
        ClaimName.BASELINE_LATENCY_RATIO: replace(source, value=1.0 + slower, tolerated=1.0 + slow),
        ClaimName.BASELINE_SIZE_RATIO: replace(growth, value=1.0 + growth.value),
        ClaimName.BASELINE_CYCLES_RATIO: replace(
            allowed.cycles_growth, value=1.0 + allowed.cycles_growth.value
        ),
        ClaimName.BASELINE_AUC_DROP: allowed.auc_drop,
        ClaimName.RELEASED_AUC_DROP: allowed.auc_drop,
    }
