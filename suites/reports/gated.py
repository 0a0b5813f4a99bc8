"""A project with a gate of two legs, and the results that would make it green."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.config import load_devices, load_models
from edgeassay.config.legs import load_expected
from edgeassay.errors import EdgeassayError
from edgeassay.merge_gate.agreeing import EXACT
from edgeassay.merge_gate.planning import LegPlan, leg_plans
from edgeassay.report.results import digest_of
from edgeassay.spec import TRAITS, Case, Claim, ClaimName, Limit, Sense
from suites.meta.project import DEVICE_TOML, IN_A_YEAR, MODEL_TOML

GATE_TOML = """
[[leg]]
id = "cart"
architecture = "x86_64"
models = ["tiny"]

[[leg]]
id = "tablet"
architecture = "aarch64"
models = "all"
"""
DEVIATION = f"""
[[deviation]]
claim = "size_ratio"
variant = "int8"
reason = "its weights are kept as floats on purpose"
expires = {IN_A_YEAR}
"""
LEGS = {"cart": "x86_64", "tablet": "aarch64"}

Document = dict[str, Any]


def sealed(document: Mapping[str, Any]) -> Document:
    """With the digest of what it says now."""
    found = json.loads(json.dumps({k: v for k, v in document.items() if k != "digest"}))
    return {**found, "digest": digest_of(found)}


def passing(claim: Claim, **more: Any) -> Document:
    """A claim's record, exactly at its limit."""
    limit = claim.limit
    bound = None if claim.name in EXACT else limit.value
    measured = {"value": limit.value, "unit": TRAITS[claim.name].unit, "low": bound, "high": bound}
    return {
        "claim": claim.name.value,
        "case": vars(claim.case),
        "class": claim.class_name,
        "measurement": measured | {"n": 60, "confidence": 0.95},
        "reference": 1.0,
        "limit": vars(limit),
        "verdict": "pass",
        "deviation": None,
        "deviation_expires": None,
        "reason": f"measured {limit.value:g}, limit {limit.value:g}; limit set by {limit.source}",
        "kind": "measured",
    } | more


def file_of(variant: str) -> str:
    """The digest of a variant's artifact."""
    return f"{variant}-".ljust(64, "0")


def about(case: Case, architecture: str) -> Document:
    """What is known of a case."""
    empty = (
        *("size_ratio", "manifest", "mean_auc", "mean_auc_drop", "auc_reference", "p50_ms"),
        *("p95_ms", "latency_ratio", "patients_separate", "reused_predictions"),
    )
    return {
        "case": vars(case),
        "kind": "measured",
        "architecture": architecture,
        "size_bytes": 1000,
        "evaluated_images": 40,
        "split_images": 40,
        "artifact_sha256": file_of(case.variant),
        "worker": {"runtime": "litert", "runtime_version": "2.3.0"},
        **dict.fromkeys(empty),
    }


@dataclass(frozen=True)
class End:
    """How the gate ended, and what it said and wrote."""

    code: int
    text: str
    document: Any
    problems: tuple[str, ...]

    def sentence(self, problem: str) -> str:
        """The first about a problem."""
        found = [f["sentence"] for f in self.document["findings"] if f["problem"] == problem]
        assert found, f"{problem} isn't among {self.problems}:\n{self.text}"
        return str(found[0])


@dataclass
class Gated:
    """The project in a folder, as its files say it."""

    folder: Path
    gate: str = GATE_TOML
    model: str = MODEL_TOML
    device: str = DEVICE_TOML
    compare: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    commit: str = ""

    def write(self) -> Gated:
        """Its declarations, committed; and a green results file for each leg."""
        self.declare()
        self.git("init", "-q", "-b", "main")
        self.commit_all()
        for leg, made in self.plans().items():
            self.documents[f"{leg}.json"] = self.results(made)
        return self

    def declare(self) -> None:
        """Write its TOML."""
        files = {
            "gate.toml": self.gate,
            "models/tiny/model.toml": self.model,
            "fixtures/devices/bench.toml": self.device,
            ".gitignore": "in/\nout.*\n.assay/\n",
        }
        if self.compare is not None:
            files["compare.toml"] = self.compare
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def commit_all(self) -> None:
        """A commit of all declarations, which has none before it."""
        self.git("add", "-A")
        begun = self.git("rev-list", "--all", "--max-count=1")
        self.git("commit", "-q", "-m", "declared", "--allow-empty", *(["--amend"] if begun else []))
        self.commit = self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        """What git says."""
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
        command = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def plans(self) -> dict[str, LegPlan]:
        """What each leg must judge."""
        expected = load_expected(self.folder / "gate.toml", self.folder, date.today())
        models = load_models([self.folder / "models"], self.folder)
        devices = load_devices([self.folder / "fixtures/devices"], self.folder)
        return leg_plans(expected, models, devices)

    def results(self, made: LegPlan, **more: Any) -> Document:
        """A complete run in which every claim of a leg holds."""
        machine = {"fingerprint": f"{made.leg.id:0<12}", "architecture": made.leg.architecture}
        return sealed(
            {
                "schema": 1,
                "edgeassay": "0.1.0",
                "commit": self.commit,
                "dirty": False,
                "started": "2026-11-21T12:00:00Z",
                "machine": machine,
                "command": ["--benchmark"],
                "complete": True,
                "claims": [passing(claim) for claim in made.plan.claims],
                "cases": [about(case, made.leg.architecture) for case in made.plan.cases],
            }
            | more
        )

    def change(self, name: str, change: Callable[[Document], object]) -> Gated:
        """Change a document and seal it again, as a run that was like this would have."""
        change(self.documents[name])
        self.documents[name] = sealed(self.documents[name])
        return self

    def end(self, *options: str, paths: tuple[str, ...] = ("in",)) -> End:
        """Run the gate as its command does."""
        (self.folder / "in").mkdir(exist_ok=True)
        for name, document in self.documents.items():
            (self.folder / "in" / name).write_text(json.dumps(document), encoding="utf-8")
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        words = ["gate", *paths, "--json", str(out), *options]
        ended = CliRunner().invoke(app, words)
        if isinstance(ended.exception, EdgeassayError):
            return End(2, f"{ended.output}{ended.exception}", None, ())
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.output
        if not out.exists():
            return End(ended.exit_code, ended.output, None, ())
        found = json.loads(out.read_text(encoding="utf-8"))
        problems = tuple(one["problem"] for one in found["findings"] if one["waiver"] is None)
        return End(ended.exit_code, ended.output, found, problems)


def record(document: Document, claim: str, variant: str = "int8") -> Document:
    """A claim's record in a document."""
    (found,) = (
        r for r in document["claims"] if r["claim"] == claim and r["case"]["variant"] == variant
    )
    return dict_of(found)


def dict_of(found: Any) -> Document:
    """The same object, with its type."""
    assert isinstance(found, dict)
    return found


def fails(document: Document, claim: str = "size_ratio", variant: str = "int8") -> None:
    """Let a claim fail by what is measured."""
    one = record(document, claim, variant)
    limit: float = one["limit"]["value"]
    beyond = 0.05 if TRAITS[ClaimName(claim)].sense is Sense.AT_MOST else -0.05
    set_value(one["measurement"], limit + beyond)
    one |= {"verdict": "fail", "reason": f"measured {limit + beyond:g}"}


def set_value(measurement: Document, value: float) -> None:
    """Another value, and its bounds where it has any."""
    known = {name for name in ("low", "high") if measurement[name] is not None}
    measurement |= dict.fromkeys({"value", *known}, value)


def unsure(document: Document, claim: str) -> None:
    """Let the limit lie between a claim's bounds."""
    one = record(document, claim)
    limit: float = one["limit"]["value"]
    one["measurement"] |= {"low": limit - 0.1, "high": limit + 0.1}
    one |= {"verdict": "inconclusive", "reason": "the limit lies between the bounds"}


def limit_of(value: float) -> dict[str, Any]:
    """A limit as a record has it."""
    return vars(Limit(value=value, source="models/tiny/model.toml:limits"))


def unmeasured(claim: str, verdict: str = "unmeasured") -> Callable[[Document], object]:
    """A claim that nothing was measured for."""

    def change(document: Document) -> None:
        one = record(document, claim)
        one |= {"measurement": None, "verdict": verdict, "reason": "nobody was there"}

    return change


def expecting(gated: Gated, text: str) -> Gated:
    """The same with more in its gate.toml, and runs of the new commit."""
    gated.gate = text if "[[leg]]" in text else GATE_TOML + text
    gated.declare()
    gated.commit_all()
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=gated.commit))
    return gated
