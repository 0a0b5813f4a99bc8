"""Workers on another machine: where their files lie there, and how the worker itself gets there."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from edgeassay.errors import Absent, Unreached, why
from edgeassay.worker.install import MARK
from edgeassay.workers.endings import how_it_ended, is_unreachable, must_not_wait, what_to_do
from edgeassay.workers.process import Process, printable

WORKER_FOLDER: Final = Path(__file__).parent.parent / "worker"
MOST_SAID: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Below which folder of another machine the workers of a device have their files."""

    device: str
    folder: str

    @property
    def worker(self) -> str:
        """The worker's folder there, by the hash of its files: another version lies beside it."""
        return f"{self.folder}/{worker_name()}"

    @property
    def files(self) -> str:
        """Artifacts and inputs, by their SHA-256."""
        return f"{self.folder}/files"


class NotThere(Unreached):
    """A worker on another machine didn't start: most likely it has no whole copy of it."""


def worker_files() -> dict[str, bytes]:
    """The worker, by file name."""
    paths = sorted(p for p in WORKER_FOLDER.iterdir() if p.is_file() and p.name[0] != ".")
    return {path.name: path.read_bytes() for path in paths}


@cache
def worker_name() -> str:
    """The name of the worker's folder elsewhere."""
    digest = hashlib.sha256()
    for name, data in worker_files().items():
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return f"worker-{digest.hexdigest()[:16]}"


def worker_bytes() -> int:
    """How large the worker is."""
    return sum(map(len, worker_files().values()))


def install(command: Sequence[str], elsewhere: Elsewhere, *, timeout_s: float) -> bool:
    """Put the worker where `command` starts one; whether it had to be copied.

    Its Python reads a script from its input, so nothing goes through a remote shell but `-`. Absent
    where the machine isn't reached, has no Python 3.9, or can't keep the files.
    """
    files = worker_files()
    encoded = {name: base64.b64encode(data).decode("ascii") for name, data in files.items()}
    where = f"main({elsewhere.folder!r}, {worker_name()!r}, json.loads({json.dumps(encoded)!r}))"
    script = (WORKER_FOLDER / "install.py").read_text(encoding="utf-8") + f"\n\n{where}\n"
    said = _run_script([*command, "-"], script.encode("utf-8"), elsewhere, timeout_s)
    if "message" in said:
        raise Absent(
            f"the worker can't be copied to {elsewhere.device}: {printable(str(said['message']))};"
            f" mend that there, or choose another Python or `folder` (now {elsewhere.folder})"
        )
    return said.get("copied") is True


def _run_script(
    command: list[str], script: bytes, elsewhere: Elsewhere, timeout_s: float
) -> dict[str, Any]:
    """What a script says in its marked line, whatever a login says around it."""
    told = f"the worker can't be copied to {elsewhere.device}"
    try:
        process = Process(command)
    except OSError as error:
        raise Absent(f"{told}: {command[0]}: {why(error)}; correct its command") from None
    try:
        process.allow(timeout_s)
        with suppress(BrokenPipeError):  # how it ended is told below
            process.requests.write(script)
            process.requests.close()
        found = _await_mark(process)
        if found is not None:
            return found
        status, words = process.await_end() or 0, process.log.words()
    except TimeoutError:
        raise Absent(
            f"{told}: its command was silent for {timeout_s:g} s; {must_not_wait(command)}"
        ) from None
    finally:
        process.kill()
        process.close()
    how = "has no connection" if is_unreachable(command, status) else how_it_ended(status, command)
    said = f"; it said: {words}" if words else ""
    raise Absent(f"{told}: its command {how}{said}; {what_to_do(status, command)}")


def _await_mark(process: Process) -> dict[str, Any] | None:
    """What stands in the marked line; None where the output ends without one."""
    said, buffer = bytearray(), bytearray(1 << 16)
    while len(said) < MOST_SAID and (count := process.replies.readinto(buffer)):
        said += buffer[:count]
        for line in bytes(said).split(b"\n")[:-1]:
            if line.startswith(MARK.encode("ascii")):
                with suppress(ValueError):
                    found = json.loads(line[len(MARK) :])
                    return found if isinstance(found, dict) else None
    return None
