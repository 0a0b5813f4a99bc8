"""Puts the worker's folder on a machine that has none yet: the host feeds this file, with what is
to be written after it, to `python3 -` there. Whole or not at all: a temporary folder, renamed.
"""

import base64
import json
import os
import shutil
import sys
import tempfile
import time

MARK = "EDGEASSAY "
STALE_S = 3600.0


def _holds(place, files):  # type: (str, dict[str, bytes]) -> bool
    """Whether a folder has these files, to the byte."""
    try:
        for name, data in files.items():
            with open(os.path.join(place, name), "rb") as file:
                if file.read() != data:
                    return False
    except OSError:
        return False
    return True


def _write(folder, files):  # type: (str, dict[str, bytes]) -> None
    """Write the files, down to the disk: the rename after it says that they are whole."""
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _sweep(folder):  # type: (str) -> None
    """Remove what an installation that was cut off long ago has left."""
    for name in os.listdir(folder):
        place = os.path.join(folder, name)
        if name.startswith(".worker-") and time.time() - os.path.getmtime(place) > STALE_S:
            shutil.rmtree(place, ignore_errors=True)


def install(folder, name, files):  # type: (str, str, dict[str, bytes]) -> bool
    """Make `folder/name` hold the files; whether anything had to be copied."""
    place = os.path.join(folder, name)
    if _holds(place, files):
        return False
    os.makedirs(folder, mode=0o700, exist_ok=True)
    _sweep(folder)
    made = tempfile.mkdtemp(dir=folder, prefix=".worker-")
    try:
        new, old = os.path.join(made, "new"), os.path.join(made, "old")
        os.mkdir(new)
        _write(new, files)
        if os.path.lexists(place):  # damaged
            os.rename(place, old)
        try:
            os.rename(new, place)
        except OSError:
            if not _holds(place, files):  # nobody else was faster
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return True


def main(folder, name, encoded):  # type: (str, str, dict[str, str]) -> None
    """Install what was encoded, and say in one line what came of it."""
    said = {}  # type: dict[str, object]
    if sys.version_info < (3, 9):
        said["message"] = (
            "Python 3.9 or later is needed there, and this is %d.%d" % (sys.version_info[:2])
        )
    else:
        try:
            files = {key: base64.b64decode(text) for key, text in encoded.items()}
            said["copied"] = install(folder, name, files)
        except OSError as error:
            said["message"] = "%s: %s" % (error.filename or folder, error.strerror or error)
    sys.stdout.write("\n" + MARK + json.dumps(said) + "\n")
    sys.stdout.flush()
