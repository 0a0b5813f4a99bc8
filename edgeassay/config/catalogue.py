"""The runtimes that any model may be run on, from runtimes.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from edgeassay.config.toml import read_toml
from edgeassay.spec import ENGINES, EnvironmentSpec, RuntimeSpec

CATALOGUE: Final = Path(__file__).with_name("runtimes.toml")


@cache
def _tables() -> Mapping[str, Any]:
    return read_toml(CATALOGUE, CATALOGUE.name)


def options_of(name: str) -> Mapping[str, Any]:
    """The keys that the catalogue has for a runtime; none where it doesn't list it."""
    options: Mapping[str, Any] = _tables()["runtimes"].get(name, {})
    return options


@cache
def catalogue() -> Mapping[str, RuntimeSpec]:
    """Every runtime that it lists, by id."""
    return TypeAdapter(dict[str, RuntimeSpec]).validate_python(_tables()["runtimes"])


@cache
def environment_specs() -> Mapping[str, EnvironmentSpec]:
    """What can be installed for them, by name."""
    tables = _tables()["environments"]
    return TypeAdapter(dict[str, EnvironmentSpec]).validate_python(tables)


def is_environment(name: str, further: Iterable[str] = ()) -> bool:
    """Whether an environment of that name can be meant: one that is known, or a further version of
    one, such as `litert-2.1`.
    """
    return any(name == known or name.startswith(f"{known}-") for known in environments(further))


def engine_of(environment: str) -> str:
    """The engine that an environment is for, which may be a further version of a known one."""
    own = [name for name, traits in ENGINES.items() if name == traits.environment]
    return next(name for name in own if environment == name or environment.startswith(f"{name}-"))


def environments(further: Iterable[str] = ()) -> list[str]:
    """What engines and runtimes are installed in."""
    engines = (traits.environment for traits in ENGINES.values())
    return sorted({*engines, *(spec.worker for spec in catalogue().values()), *further})
