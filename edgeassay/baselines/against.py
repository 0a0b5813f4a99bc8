"""What a run is judged against beside its limits: what was promoted, what may change from there,
and what was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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

    def promoted(self, case: Case, line: Line) -> tuple[Baseline, Timed]:
        """A case's baseline; Incomparable where only other hardware has one, Absent where none
        has.
        """
        baseline = self.lines[line]
        timed = None if baseline is None else baseline.timed(case)
        if baseline is not None and timed is not None:
            return baseline, timed
        path = relative(baseline_path(self.folder, self.fingerprint, line), self.root)
        if (other := self.elsewhere[line].get(case)) is not None:
            raise Incomparable(
                f"the {line} baseline is of other hardware, {other}, and this is"
                f" {self.fingerprint}; promote a run of this machine (`{PROMOTE[line]}`)"
            )
        what = "isn't there" if baseline is None else "doesn't have it"
        raise Absent(
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
    for line in Line:
        for other in hardware_of(folder, line):
            if other != fingerprint and (found := read_baseline(folder, other, line)) is not None:
                name = _told(found)
                elsewhere[line] |= dict.fromkeys(found.origins, name)
    return Against(
        folder=folder,
        root=root,
        fingerprint=fingerprint,
        lines=lines,
        elsewhere=elsewhere,
        comparison=load_comparison(None, root),
        accepted=load_accepted(folder, root),
    )


def _told(baseline: Baseline) -> str:
    """Hardware by its fingerprint, and by its processor where that is known."""
    model = baseline.run.machine.get("cpu_model")
    return baseline.run.hardware + (f" ({some([model])})" if model else "")


def baseline_claims(
    cases: Iterable[Case], models: Mapping[str, ModelSpec], against: Against
) -> Iterator[Claim]:
    """The claims of each case against its baselines; without data none about quality."""
    for case in cases:
        for name, limit in _limits(case, against).items():
            if models[case.model].data is not None or not TRAITS[name].needs_data:
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
        ClaimName.BASELINE_AUC_DROP: allowed.auc_drop,
        ClaimName.RELEASED_AUC_DROP: allowed.auc_drop,
    }
