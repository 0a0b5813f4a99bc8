"""Where the project is that a command works on, and where its files are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edgeassay.errors import ConfigError

CHECKOUT: Final = Path(__file__).resolve().parent.parent
# Below a project's root. Runs are saved in a folder for each fingerprint.
STORAGE: Final = Path(".assay", "benchmarks")
# Baselines are under version control: a baseline changes by a review.
BASELINES: Final = "baselines"
# What `edgeassay gate` expects.
EXPECTED: Final = "gate.toml"


def project_folder() -> Path:
    """The folder with `models/`: here, or the checkout that this package lives in."""
    here = Path.cwd()
    found = any(here.glob("models/*/model.toml"))
    return here if found else CHECKOUT


def device_folders(further: Sequence[Path] = ()) -> list[Path]:
    """Folders of device profiles: the project's, or those that come with the checkout, and further
    ones. ConfigError where there are none.
    """
    candidates = [place / "fixtures" / "devices" for place in (project_folder(), CHECKOUT)]
    own = [folder for folder in candidates if folder.is_dir()][:1]
    if not own and not further:
        raise ConfigError(
            f"{CHECKOUT} is no checkout of edgeassay and has no device profiles; give a folder of"
            " them with --devices-dir PATH"
        )
    return [*own, *further]


def repository_of(path: Path) -> Path | None:
    """The root of the git repository that a file or folder really lies in, links followed; None
    outside of git. Nothing need be there any more.
    """
    from edgeassay.checkout import checkout_of  # the help of commands needs no git

    found = checkout_of(path)
    return None if found is None else found.top


def commit_named(revision: str, project: Path) -> str | None:
    """The commit that a git revision names in the project; None where it names none."""
    from edgeassay.checkout import project_checkout  # the help of commands needs no git

    found = project_checkout(project)
    return None if found is None else found.named(revision)
