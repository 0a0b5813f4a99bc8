"""A TOML file, or what is wrong with it in one sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from edgeassay.checkout import read_declared
from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import MOST_TOML


def read_toml(path: Path, where: str) -> dict[str, Any]:
    """The file's tables; ConfigError with the line where it is no TOML."""
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
