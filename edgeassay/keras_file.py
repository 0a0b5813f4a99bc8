"""What a .keras file says of itself: which Keras wrote it, and what of it Keras can't load."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CONFIG: Final = "config.json"
METADATA: Final = "metadata.json"
MOST_BYTES: Final = 64 * 2**20  # far more than the configuration of any network takes
# How a network was trained is no part of what is converted, and its classes may be anybody's.
NOT_LOADED: Final = ("compile_config", "build_config")
KERAS: Final = ("keras", "tf_keras", "builtins")

EXPORT: Final = (
    "where it was trained, run `network.export(DIR)`, and give the SavedModel DIR instead (init:"
    " --saved-model DIR)"
)


def obstacle(path: Path) -> str | None:
    """Why Keras 3 can't load a .keras file, and what to do, in one sentence; None if nothing in its
    configuration says so.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config, metadata = (_read(archive, name) for name in (CONFIG, METADATA))
        version = str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""
        return _of_version(version, config) or _of_parts(config) or _of_newer(version)
    except (OSError, ValueError, KeyError, RecursionError, zipfile.BadZipFile, zlib.error):
        return None


def _read(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(name)
    return json.loads(archive.read(name))


def _of_version(version: str, config: Any) -> str | None:
    """Keras 2 numbered its releases like TensorFlow; tf_keras still does."""
    if not version.startswith("2.") and not str(config.get("module", "")).startswith("tf_keras"):
        return None
    return f"it was saved by Keras 2 ({version}), and Keras 3 can't load it; {EXPORT}"


def _of_parts(config: Any) -> str | None:
    for part in _parts(config):
        kind, module, given = part["class_name"], part.get("module"), part.get("config")
        named = part.get("name") or (given.get("name") if isinstance(given, dict) else None)
        where = f" {named!r}" if isinstance(named, str) else ""
        if kind == "Lambda":
            return (
                f"it has a Lambda layer{where}, and a network that carries code isn't loaded;"
                f" {EXPORT}, or replace the layer with Keras's own ones"
            )
        if (module, kind) == ("builtins", "function"):
            return (
                f"it needs a function of your own, {given!r}, and no .keras has its code; {EXPORT}"
            )
        if str(module or "").split(".")[0] not in KERAS:
            own = f"its part{where} is" if where else "it is"
            return f"{own} of a class of your own, {kind!r}, and no .keras has its code; {EXPORT}"
    return None


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """All that is made from a class or a function, from the outermost in."""
    if isinstance(config, dict):
        if isinstance(config.get("class_name"), str) and "registered_name" in config:
            yield config
        for key, value in config.items():
            if key not in NOT_LOADED:
                yield from _parts(value)
    elif isinstance(config, list):
        for value in config:
            yield from _parts(value)


def _of_newer(version: str) -> str | None:
    import keras

    if _numbers(version) <= _numbers(keras.__version__):
        return None
    return (
        f"it was saved by Keras {version}, which is newer than the {keras.__version__} that is"
        " installed; update Keras"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
