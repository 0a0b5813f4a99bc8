"""gate.toml: the legs of a gate, what is expected of each, and what is waived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.config.excuses import check_excuse, check_reason
from edgeassay.config.loading import relative
from edgeassay.config.shapes import NAME, TABLES, explain, nearest
from edgeassay.config.toml import read_toml
from edgeassay.errors import ConfigError
from edgeassay.project import EXPECTED
from edgeassay.spec import ARCHITECTURES, Approval, CodeChanges, Expected, Kind, Leg, Waiver

ALL: Final = "all"


class LegEntry(BaseModel):
    """One [[leg]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    id: str = Field(pattern=f"^{NAME}$")
    architecture: str
    device: str | None = None
    fingerprint: str | None = Field(default=None, min_length=1)
    kind: Kind = Kind.MEASURED
    models: list[str] | Literal["all"]
    variants: list[str] = Field(default_factory=list)
    runtimes: list[str] = Field(default_factory=list)
    images: int | None = Field(default=None, ge=1)
    timed: bool | None = None
    ab: bool = False
    inconclusive: Literal["fail", "fail-untimed", "warn"] = "fail-untimed"


class WaiverEntry(BaseModel):
    """One [[waiver]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    leg: str
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    expires: date
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None


class ApprovalEntry(BaseModel):
    """One [[approval]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    what: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)


class ChangesEntry(BaseModel):
    """The table [changes]."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: CodeChanges = "approve"


class GateFile(BaseModel):
    """The shape of a gate.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    leg: list[LegEntry] = Field(min_length=1)
    waiver: list[WaiverEntry] = Field(default_factory=list)
    approval: list[ApprovalEntry] = Field(default_factory=list)
    changes: ChangesEntry = ChangesEntry()


TABLES.update(leg=LegEntry, waiver=WaiverEntry, approval=ApprovalEntry, changes=ChangesEntry)


def load_expected(path: Path | None, root: Path, today: date) -> Expected:
    """What `path` says, or `gate.toml` of the project; ConfigError names file and key. A waiver
    must end soon enough after `today`.
    """
    chosen = path or root / EXPECTED
    where = relative(chosen, root)
    if not chosen.exists():
        raise ConfigError(
            f"{where} doesn't exist, and nothing else says which legs are expected; write it"
            " (docs/gate.md), let `edgeassay gate --init RESULTS...` begin it, or name it with"
            " --config"
        )
    tables = read_toml(chosen, where)
    _check_kinds(tables, where)
    try:
        file = GateFile.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(_explained(error, where)) from None
    legs: dict[str, Leg] = {}
    for number, entry in enumerate(file.leg):
        leg = _leg(entry, f"{where}:leg[{number}]")
        if leg.id in legs:
            raise ConfigError(f"{leg.source}: {legs[leg.id].source} is {leg.id!r} too; rename one")
        legs[leg.id] = leg
    waivers = tuple(
        Waiver(source=f"{where}:waiver[{number}]", **entry.model_dump())
        for number, entry in enumerate(file.waiver)
    )
    for waiver in waivers:
        check_excuse("waiver", waiver.reason, waiver.expires, source=waiver.source, today=today)
        if waiver.leg not in legs:
            raise ConfigError(
                f"{waiver.source}.leg = {waiver.leg!r} is no leg; {nearest(waiver.leg, legs)}"
            )
    approvals = tuple(
        Approval(source=f"{where}:approval[{number}]", **entry.model_dump())
        for number, entry in enumerate(file.approval)
    )
    for approval in approvals:
        check_reason("approval", approval.reason, source=approval.source)
    return Expected(
        file=where,
        legs=legs,
        waivers=waivers,
        approvals=approvals,
        code=file.changes.code,
    )


def _leg(entry: LegEntry, source: str) -> Leg:
    if entry.architecture not in ARCHITECTURES:
        raise ConfigError(
            f"{source}.architecture = {entry.architecture!r} is unknown;"
            f" {nearest(entry.architecture, ARCHITECTURES)}"
        )
    for name in ("models", "variants", "runtimes"):
        value = getattr(entry, name)
        _check_names(value, source, name)
    if entry.models == []:
        raise ConfigError(f'{source}.models names none; name some, or write models = "all"')
    measured = entry.kind is Kind.MEASURED
    for name in ("timed", "ab"):
        if getattr(entry, name) and not measured:
            raise ConfigError(
                f"{source}.{name} = true, and its numbers are {entry.kind}: such times are no"
                f" device's and decide nothing; leave `{name}` out"
            )
    return Leg(
        source=source,
        models=None if entry.models == ALL else tuple(entry.models),
        variants=tuple(entry.variants),
        runtimes=tuple(entry.runtimes),
        timed=measured if entry.timed is None else entry.timed,
        **entry.model_dump(exclude={"models", "variants", "runtimes", "timed"}),
    )


def _check_names(names: Sequence[str], source: str, key: str) -> None:
    """ConfigError where a name stands twice."""
    if not isinstance(names, str) and len(set(names)) < len(names):
        raise ConfigError(f"{source}.{key} names one twice; name each once")


def _check_kinds(tables: dict[str, Any], where: str) -> None:
    """ConfigError where a leg is of a kind that there isn't."""
    entries = tables.get("leg")
    known: Iterable[str] = [kind.value for kind in Kind]
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if isinstance(kind, str) and kind not in known:
            raise ConfigError(
                f"{where}: leg[{number}].kind = {kind!r} is unknown; {nearest(kind, known)}"
            )


def _explained(error: ValidationError, where: str) -> str:
    """As `explain` has it, and what `models` can be in one sentence for both of its shapes."""
    wrong = [e for e in error.errors() if e["loc"][2:3] == ("models",) and e["type"] != "missing"]
    if wrong and not any(e["type"] == "extra_forbidden" for e in error.errors()):
        number = wrong[0]["loc"][1]
        return (
            f"{where}: leg.{number}.models is not valid: write names in brackets, such as"
            ' ["phantom-cnn"], or "all"'
        )
    return explain(GateFile, error, where)
