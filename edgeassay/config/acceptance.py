"""accepted.toml: the regressions that somebody answers for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.config.excuses import check_excuse
from edgeassay.config.loading import relative
from edgeassay.config.shapes import TABLES, explain, nearest
from edgeassay.config.toml import read_toml
from edgeassay.errors import ConfigError
from edgeassay.spec import Accepted, ClaimName

FILE: Final = "accepted.toml"
SCOPES: Final = ("case", "model", "variant", "runtime", "device")


class AcceptedEntry(BaseModel):
    """One [[accepted]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    claim: ClaimName
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    expires: date
    case: str | None = None
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None
    device: str | None = None


class AcceptedFile(BaseModel):
    """The shape of an accepted.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    accepted: list[AcceptedEntry] = Field(default_factory=list)


TABLES.update(accepted=AcceptedEntry)


def load_accepted(folder: Path, root: Path, today: date | None = None) -> tuple[Accepted, ...]:
    """The entries of `folder`/accepted.toml; none where there is no such file. ConfigError names
    file and key. Each must end soon enough after `today`, which is this day if none is given.
    """
    path = folder / FILE
    if not path.exists():
        return ()
    where = relative(path, root)
    tables = read_toml(path, where)
    _check_claims(tables, where)
    try:
        file = AcceptedFile.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(explain(AcceptedFile, error, where)) from None
    found = []
    for number, entry in enumerate(file.accepted):
        source = f"{where}:accepted[{number}]"
        if all(getattr(entry, name) is None for name in SCOPES):
            raise ConfigError(f"{source} names no case; say which with one of {', '.join(SCOPES)}")
        check_excuse(
            "accepted", entry.reason, entry.expires, source=source, today=today or date.today()
        )
        found.append(Accepted(source=source, **entry.model_dump()))
    return tuple(found)


def _check_claims(tables: dict[str, Any], where: str) -> None:
    """ConfigError where an entry is about a claim that there isn't."""
    entries = tables.get("accepted")
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        claim = entry.get("claim") if isinstance(entry, dict) else None
        if isinstance(claim, str) and claim not in list(ClaimName):
            raise ConfigError(
                f"{where}: accepted[{number}].claim = {claim!r} is unknown;"
                f" {nearest(claim, [name.value for name in ClaimName])}"
            )
