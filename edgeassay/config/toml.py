"""A TOML file, or what is wrong with it in one sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeassay.checkout import read_declared
from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import MOST_TOML


def read_toml(path: Path, where: str) -> dict[str, Any]:
    """The file's tables. ConfigError, with the line, if it is no TOML; or with the key, if a whole
    number has more than the 64 bits that TOML has.
    """
    tables = _parsed(path, where)
    for key in _too_large(tables, ""):
        raise ConfigError(
            f"{where}: {key} is a number that 64 bits can't hold, and TOML has no larger ones; give"
            " a smaller one"
        )
    return tables


def _too_large(value: Any, key: str) -> Iterator[str]:
    """The keys of whole numbers that have too many bits."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in items:
            yield from _too_large(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield key


def _parsed(path: Path, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(read_declared(path, MOST_TOML).decode("utf-8").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ConfigError(f"{where} doesn't exist") from None
    except OSError as error:
        raise ConfigError(
            f"{where} can't be read: {why(error)}; mend the file, or its permissions"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{where} is no text in UTF-8 (line {line}); save it again in UTF-8"
        ) from None
    except RecursionError:
        raise ConfigError(f"{where} is no valid TOML: its arrays are nested too deeply") from None
    except ValueError as error:  # tomllib's own, and that of a number with too many digits
        raise ConfigError(f"{where} is no valid TOML: {error}") from None
