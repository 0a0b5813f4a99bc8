"""What a user brings to start a model from, checked before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeassay.config.shapes import NAME
from edgeassay.errors import ConfigError
from edgeassay.foreign_files import FOREIGN, TFLITE, ZIP, foreign_content
from edgeassay.onnx_file import in_one_file, kept_elsewhere
from edgeassay.plain_files import open_plain, read_plain
from edgeassay.spec import ClaimName

WAYS: Final = (
    "--artifact VARIANT=FILE (repeatable), --keras FILE, --saved-model DIR or --tflite FILE"
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """Artifacts by variant, or the trained network to make variants from, and the option it came
    by: "--keras", "--saved-model" or "--tflite".
    """

    artifacts: Mapping[str, Path]
    network: Path | None = None
    option: str = "--artifact"


def read_given(
    artifacts: Sequence[str],
    *,
    keras: Path | None = None,
    saved_model: Path | None = None,
    tflite: Path | None = None,
) -> Given:
    """What the options bring; ConfigError where it isn't one way alone, or not what it must be."""
    networks = {"--keras": keras, "--saved-model": saved_model, "--tflite": tflite}
    ways = ["--artifact"] if artifacts else []
    ways += [option for option, path in networks.items() if path is not None]
    if len(ways) != 1:
        given = " and ".join(ways) or "nothing"
        raise ConfigError(f"a model starts from {WAYS}; given: {given}; give exactly one")
    (option,) = ways
    network = networks.get(option)
    if network is None:
        return Given(artifacts=_read_artifacts(artifacts))
    network = network.expanduser()
    checks = {
        "--keras": _check_keras,
        "--saved-model": _check_saved_model,
        "--tflite": _check_tflite,
    }
    checks[option](network, f"{option} {network}")
    return Given(artifacts={}, network=network, option=option)


def _read_artifacts(entries: Sequence[str]) -> dict[str, Path]:
    """The files by variant, from `VARIANT=FILE` each."""
    found: dict[str, Path] = {}
    for entry in entries:
        variant, sign, file = entry.partition("=")
        where = f"--artifact {entry}"
        if not (variant and sign and file):
            raise ConfigError(f"{where}: it must be VARIANT=FILE, such as int8=chest-int8.tflite")
        if not re.fullmatch(NAME, variant):
            raise ConfigError(
                f"{where}: {variant!r} is no usable name of a variant: lower-case letters, digits,"
                " '.', '_' and '-' make file names and test names; rename it"
            )
        if variant in list(ClaimName):
            raise ConfigError(
                f"{where}: {variant!r} is the name of a claim, and [limits.{variant}] would be read"
                " as its limit; give the variant another name"
            )
        if variant in found:
            raise ConfigError(
                f"{where}: the variant {variant!r} was given already, as {found[variant]}; give"
                " each a name of its own"
            )
        found[variant] = Path(file).expanduser()
        _check_artifact(found[variant], where)
    return found


def _beginning(path: Path, where: str) -> bytes:
    """The first bytes of a file; ConfigError where it can't be read, or has none."""
    try:
        if path.is_dir():
            raise ConfigError(
                f"{where}: {path.name or path} is a folder; name the file, or give a SavedModel's"
                " folder with --saved-model"
            )
        if path.exists() and not path.is_file():
            raise ConfigError(f"{where}: {path.name} is no ordinary file; copy it to one")
        with open_plain(path) as file:
            beginning = file.read(8)
    except OSError as error:
        raise ConfigError(
            f"{where}: the file can't be read: {error.strerror}; mend the path"
        ) from None
    if not beginning:
        raise ConfigError(f"{where}: the file is empty; copy or export it again")
    return beginning


def _remedy(path: Path, beginning: bytes) -> str:
    """What to do with a file that was given the wrong way, by what it seems to be."""
    if beginning[4:8] == TFLITE:
        return (
            "it is a .tflite: give it with --artifact VARIANT=FILE as it is, or with --tflite to"
            " have variants made from it"
        )
    if path.suffix.lower() == ".onnx":
        return (
            "give an .onnx with --artifact VARIANT=FILE, FILE ending in .onnx: it is run as it is"
        )
    if (remedy := FOREIGN.get(path.suffix.lower())) is not None:
        return remedy
    if (remedy := foreign_content(path)) is not None:
        return remedy
    return "copy or export it again"


def _check_artifact(path: Path, where: str) -> None:
    if path.suffix != ".onnx":
        _check_tflite(path, where)
        return
    # An .onnx has no identifier of its own: what runs it says whether it is one.
    beginning = _beginning(path, where)
    if beginning[4:8] == TFLITE:
        raise ConfigError(f"{where}: the file is no .onnx but a .tflite, by its bytes; rename it")
    if (remedy := foreign_content(path)) is not None:
        raise ConfigError(f"{where}: the file is no .onnx; {remedy}")
    if (other := kept_elsewhere(read_plain(path))) is not None:
        raise ConfigError(f"{where}: {in_one_file(other)}")


def _check_tflite(path: Path, where: str) -> None:
    beginning = _beginning(path, where)
    if beginning[4:8] != TFLITE:
        raise ConfigError(f"{where}: the file is no .tflite; {_remedy(path, beginning)}")


def _check_keras(path: Path, where: str) -> None:
    beginning = _beginning(path, where)
    if beginning[:4] != ZIP or path.suffix.lower() in FOREIGN:
        raise ConfigError(f"{where}: the file is no .keras; {_remedy(path, beginning)}")


def _check_saved_model(path: Path, where: str) -> None:
    if path.is_dir() and (path / "saved_model.pb").is_file():
        return
    if not path.exists():
        raise ConfigError(f"{where}: there is no such folder; mend the path")
    if path.is_dir():
        raise ConfigError(
            f"{where}: it is no SavedModel's folder (it has no saved_model.pb); name the folder"
            " that `network.export(DIR)` wrote"
        )
    hint = FOREIGN.get(path.suffix.lower()) or _remedy(path, _beginning(path, where))
    raise ConfigError(f"{where}: it is a file, and a SavedModel is a folder; {hint}")
