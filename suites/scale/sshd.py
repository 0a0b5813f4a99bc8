"""An ssh server of a test's own on 127.0.0.1: its keys, settings and known hosts in one folder."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

SETTINGS = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
MaxStartups 100
SetEnv HOME={home}
"""
HERE = "127.0.0.1"


@dataclass
class Sshd:
    """A running server; `home` is the login folder that is told to who logs in."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    options: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path) -> Sshd:
        """A server with fresh keys; the test is skipped where there is none to start."""
        server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if server is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
            pytest.skip("there is no sshd: install openssh-server and openssh-client")
        folder.mkdir(parents=True)
        for name in ("host_key", "user_key"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True)
        with socket.socket() as free:
            free.bind((HERE, 0))
            port = free.getsockname()[1]
        shutil.copy(folder / "user_key.pub", folder / "authorized")
        key = (folder / "host_key.pub").read_text().split()
        (folder / "known").write_text(f"[{HERE}]:{port} {key[0]} {key[1]}\n")
        (folder / "home").mkdir()
        (folder / "settings").write_text(
            SETTINGS.format(port=port, folder=folder, home=folder / "home")
        )
        made = cls(folder=folder, port=port)
        Path("/run/sshd").mkdir(exist_ok=True)  # an empty folder that it insists on
        words = [server, "-D", "-e", "-f", str(folder / "settings")]
        with (folder / "log").open("wb") as log:
            made.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log)
        made.await_port()
        return made

    def await_port(self) -> None:
        """Until it listens."""
        deadline = time.monotonic() + 20.0
        while True:
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex((HERE, self.port)) == 0:
                    return
            assert time.monotonic() < deadline, "sshd doesn't listen"
            time.sleep(0.02)

    def command(self, *python: str, **changed: Any) -> list[str]:
        """What starts a program there, as a device profile has it."""
        known, key = changed.get("known", "known"), changed.get("key", "user_key")
        options = ["BatchMode=yes", "ConnectTimeout=5", f"UserKnownHostsFile={self.folder / known}"]
        options += ["IdentitiesOnly=yes", *self.options]
        return [
            *("ssh", "-F", "none", "-p", str(changed.get("port", self.port))),
            *("-i", str(self.folder / key)),
            *(word for option in options for word in ("-o", option)),
            f"{getpass.getuser()}@{changed.get('host', HERE)}",
            *python,
        ]

    def drop(self) -> None:
        """Cut every connection, as a network that goes away does; it listens on."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with_name = child.name() if child.is_running() else ""
            if with_name.startswith("sshd"):
                child.kill()

    def stop(self) -> None:
        """End it, with the connections that it has."""
        assert self.process is not None
        if self.process.poll() is None:
            self.drop()
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
