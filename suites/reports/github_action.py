"""action.yml's steps run as a runner would: those with a shell, in order, with GITHUB_* files.

What a step `uses` isn't run: setting up Python, and uploading. Expressions are few and plain.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from suites.meta.project import ROOT

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Runner:
    """A runner with a repository checked out; `inputs` are those that a workflow gives."""

    workspace: Path
    temp: Path
    inputs: Mapping[str, str]
    text: str = ""
    ran: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    _outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What a reader of the run finds on its page."""
        return (self.temp / "summary").read_text(encoding="utf-8")

    @property
    def results(self) -> Path:
        return Path(self._outputs["install"]["results"])

    def run(self) -> int:
        """The exit code of the first step that fails, or 0."""
        self.temp.mkdir(exist_ok=True)
        (self.temp / "summary").touch()
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
        assert set(self.inputs) <= set(given)
        names = {f"inputs.{name}": value for name, value in (given | dict(self.inputs)).items()}
        for step in action["runs"]["steps"]:
            about = step.get("name") or step["uses"]
            if "run" not in step or not self._wanted(step.get("if", ""), names):
                self.skipped.append(about)
                continue
            self.ran.append(about)
            if code := self._step(step, names):
                return code
        return 0

    def _step(self, step: Any, names: Mapping[str, str]) -> int:
        assert step["shell"] == "bash"
        output = self.temp / "output"
        output.write_text("", encoding="utf-8")
        folder = self._filled(step.get("working-directory", str(self.workspace)), names)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env=self._environment(output)
            | {name: self._filled(str(text), names) for name, text in step.get("env", {}).items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.text += done.stdout
        pairs = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
        self._outputs[step.get("id", "")] = {name: value for name, _, value in pairs}
        return done.returncode

    def _environment(self, output: Path) -> dict[str, str]:
        """As little as a runner has: no data, no path to this checkout's code."""
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
        }

    def _filled(self, text: str, names: Mapping[str, str]) -> str:
        return EXPRESSION.sub(lambda found: self._value(found[1], names), text)

    def _value(self, name: str, names: Mapping[str, str]) -> str:
        if name == "github.action_path":
            return str(ROOT)
        if found := re.fullmatch(r"steps\.([\w-]+)\.outputs\.([\w-]+)", name):
            return self._outputs.get(found[1], {}).get(found[2], "")
        return names[name]

    def _wanted(self, condition: str, names: Mapping[str, str]) -> bool:
        """Of conditions there are only comparisons of an input with a word."""
        if not condition:
            return True
        name, word = EXPRESSION.sub(r"\1", condition).split(" == ")
        return self._value(name, names) == word.strip("'")
