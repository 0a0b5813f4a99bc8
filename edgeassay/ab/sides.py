"""What BASE and HEAD are: an artifact's file, a folder of them, a checkout, or a git revision."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edgeassay.artifacts import Artifact, read_artifact
from edgeassay.atomic import make_folder
from edgeassay.checkout import git_environment
from edgeassay.config import load_model
from edgeassay.errors import BuildFailed, ConfigError, last_words, why
from edgeassay.plain_files import open_plain
from edgeassay.progress import Reporter
from edgeassay.project import commit_named
from edgeassay.spec import FORMATS, ModelSpec
from edgeassay.temporary import temporary_folder

FILE: Final = ("", "")  # where the side is one file, which is of no model
AS_GIVEN: Final = "as given"  # the variant of such a file
KINDS: Final = f"a {' or '.join(FORMATS)}"
BUILD_EXIT_MISSING: Final = 4
LEFT_OUT: Final = "left out: "


@dataclass(frozen=True, kw_only=True)
class Origin:
    """One side's artifacts by (model, variant), and `title`, what it is called; `missing` has what
    couldn't be built there, in words. `models` are what a checkout or revision declares itself, by
    id.
    """

    title: str
    artifacts: Mapping[tuple[str, str], Artifact]
    missing: Sequence[str] = field(default_factory=tuple)
    models: Mapping[str, ModelSpec] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is wanted of a side: of these models and variants (all where there are none), built in
    `scratch` where it must be, which lasts as long as the comparison.
    """

    models: Sequence[str]
    variants: Sequence[str]
    scratch: Path
    report: Reporter

    @property
    def narrowed(self) -> bool:
        """Whether it isn't all that there is."""
        return bool(self.models or self.variants)


def check_side(given: str, project: Path) -> None:
    """ConfigError where BASE or HEAD is nothing that could be opened: said before anything is
    built.
    """
    path = Path(given)
    if path.exists() or (path.suffix not in FORMATS and commit_named(given, project) is not None):
        return
    if path.suffix in FORMATS:
        raise ConfigError(f"{path}: no such file; give {KINDS}, a folder, or a git revision")
    raise ConfigError(
        f"{given}: no such file or folder, and no revision of {project} either; give {KINDS}, a"
        " folder of artifacts (`edgeassay build --out DIR`), or a git revision"
    )


def uncommitted(given: str, project: Path) -> str | None:
    """That a side is what the project's last commit has, and the tree has more: in words."""
    head = commit_named("HEAD", project)
    if Path(given).exists() or head is None or commit_named(given, project) != head:
        return None
    if not _git(project, "status", "--porcelain", "--untracked-files=no").stdout.strip():
        return None
    return f"{given} hasn't the uncommitted changes of this tree; give `.` to time those"


def open_side(given: str, asked: Asked, project: Path) -> Origin:
    """The artifacts that BASE or HEAD names. ConfigError where it is nothing of the kind."""
    check_side(given, project)
    path = Path(given)
    if path.suffix in FORMATS or (path.exists() and not path.is_dir()):
        return _file(path)
    if path.is_dir() and any(path.glob("models/*/model.toml")):
        return _build(path.resolve(), asked, title=given)
    if path.is_dir():
        return _folder(path, given, asked)
    commit = commit_named(given, project)
    assert commit is not None, "check_side has looked"
    return _revision(given, commit, asked, project)


def _file(path: Path) -> Origin:
    artifact = read_artifact(path, path.stem, AS_GIVEN)
    with open_plain(path) as file:
        is_tflite = file.read(8)[4:] == b"TFL3"
    if path.suffix not in FORMATS or is_tflite != (path.suffix == ".tflite"):
        raise ConfigError(
            f"{path} is no {path.suffix if path.suffix in FORMATS else ' or '.join(FORMATS)}; give"
            " one, a folder, or a git revision"
        )
    return Origin(title=str(path), artifacts={FILE: artifact})


def _folder(folder: Path, title: str, asked: Asked, missing: Sequence[str] = ()) -> Origin:
    found: dict[tuple[str, str], Path] = {}
    for path in sorted(path for suffix in FORMATS for path in folder.glob(f"*/*{suffix}")):
        key = (path.parent.name, path.stem)
        if (asked.models and key[0] not in asked.models) or (
            asked.variants and key[1] not in asked.variants
        ):
            continue
        if key in found:
            raise ConfigError(
                f"{title}: {found[key]} and {path.name} are both {'/'.join(key)}; remove the one"
                " that isn't meant"
            )
        found[key] = path
    if not found and not missing:
        wanted = ", ".join([*asked.models, *asked.variants])
        raise ConfigError(
            f"{title}: it holds no <model>/<variant>{' or '.join(FORMATS)}"
            f"{wanted and f' of {wanted}'}; `edgeassay build --out DIR` makes such a folder"
        )
    made = {key: read_artifact(path, *key) for key, path in found.items()}
    return Origin(title=title, artifacts=made, missing=missing, models=_declared(folder, title))


def _declared(folder: Path, title: str) -> dict[str, ModelSpec]:
    """What `_build` has left of a checkout's own declarations; nothing in other folders."""
    try:
        found = [load_model(path.parent, folder) for path in sorted(folder.glob("*/model.toml"))]
    except ConfigError as error:
        raise ConfigError(f"{title}: {error}") from None
    return {model.id: model for model in found}


def _git(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "--no-replace-objects", "-C", str(project), *words]
    environment = git_environment()
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def _revision(given: str, commit: str, asked: Asked, project: Path) -> Origin:
    """A revision's artifacts, by its own code and declarations; kept for the next time where all
    of them could be built.
    """
    title = f"{given} ({commit[:10]})"
    wanted = json.dumps([sorted(asked.models), sorted(asked.variants)])
    part = f"-{hashlib.sha256(wanted.encode('utf-8')).hexdigest()[:12]}"
    kept = project / ".assay" / "revisions" / (commit + (part if asked.narrowed else ""))
    if kept.is_dir():
        return _folder(kept, title, asked)
    with _worktree(project, commit, given, asked.scratch) as tree:
        built = _build(tree, asked, title=title)
    if not built.missing:
        _keep(_out(tree, asked), kept)
    return built


@contextmanager
def _worktree(project: Path, commit: str, given: str, scratch: Path) -> Iterator[Path]:
    """The project in a checkout of a commit beside its own, which builds into the same cache."""
    _git(project, "worktree", "prune")  # what a run that was killed has left
    tree = Path(tempfile.mkdtemp(prefix="tree-", dir=scratch))
    made = _git(project, "worktree", "add", "--detach", "--force", str(tree), commit)
    if made.returncode:
        raise ConfigError(
            f"{given}: git can't check it out: {last_words(made.stderr)}; check it out yourself,"
            " and give its folder"
        )
    try:
        below = _git(project, "rev-parse", "--show-prefix").stdout.strip()
        if not any((tree / below).glob("models/*/model.toml")):
            raise ConfigError(
                f"{given}: that revision has no {below}models/<id>/model.toml, so nothing could be"
                " built of it; give a revision that has one, or a folder of artifacts"
            )
        make_folder(project / ".assay")
        (tree / below / ".assay").symlink_to(project / ".assay")
        yield tree / below
    finally:
        _git(project, "worktree", "remove", "--force", str(tree))


def _out(tree: Path, asked: Asked) -> Path:
    """Where a checkout is built into: below the scratch folder, with a name of its own."""
    digest = hashlib.sha256(str(tree).encode("utf-8", "surrogateescape")).hexdigest()
    return asked.scratch / f"built-{digest[:12]}"


def _build(tree: Path, asked: Asked, *, title: str) -> Origin:
    """Build a checkout's artifacts by its own code, and say what couldn't be built."""
    out = _out(tree, asked)
    words = [sys.executable, "-m", "edgeassay", "build", "--out", str(out)]
    words += [word for model in asked.models for word in ("--model", model)]
    words += [word for variant in asked.variants for word in ("--variant", variant)]
    below = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(tree), below]))}
    with asked.report(f"building {title}", 1) as advance:
        ended = subprocess.run(
            words, cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
        advance(1)
    if ended.returncode not in (0, BUILD_EXIT_MISSING):
        raise BuildFailed(
            f"{title} can't be built: {last_words(ended.stderr, 2).removeprefix('edgeassay: ')}"
        )
    for made in out.glob("*/"):  # its runtimes decide how fast its artifacts are
        shutil.copy(tree / "models" / made.name / "model.toml", made)
    said = [line for line in ended.stderr.splitlines() if line.startswith(LEFT_OUT)]
    return _folder(out, title, asked, [line.removeprefix(LEFT_OUT) for line in said])


def _keep(made: Path, kept: Path) -> None:
    """Copy what was built to where the next run finds it: whole, or not at all."""
    try:
        make_folder(kept.parent)
        with temporary_folder(kept.parent) as beside:
            shutil.copytree(made, beside, dirs_exist_ok=True)
            if not kept.exists():  # else another run was faster
                beside.rename(kept)
    except OSError as error:
        raise ConfigError(
            f"{kept} can't be written: {why(error)}; make room, or make {kept.parent} writable"
        ) from None
