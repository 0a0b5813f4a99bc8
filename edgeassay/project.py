"""Where the project is that a command works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent


def project_folder() -> Path:
    """The folder with `models/`: here, or the checkout that this package lives in."""
    here = Path.cwd()
    found = any(here.glob("models/*/model.toml"))
    return here if found else CHECKOUT


def device_folders(further: Sequence[Path] = ()) -> list[Path]:
    """Folders of device profiles: the project's, or those that come along, and further ones."""
    own = project_folder() / "fixtures" / "devices"
    return [own if own.is_dir() else CHECKOUT / "fixtures" / "devices", *further]
