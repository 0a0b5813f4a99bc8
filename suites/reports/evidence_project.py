"""A project in git whose model is really judged, and the evidence of that run."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import edgeassay
from edgeassay.atomic import write_text
from edgeassay.checkout import state_of
from edgeassay.evidence_bundle import Asked
from edgeassay.machine import this_machine
from edgeassay.privacy import Redactor
from edgeassay.report.attempts import append_attempt
from edgeassay.report.beside import keep_beside
from edgeassay.report.reading import read_results
from edgeassay.report.results import (
    HealthRecord,
    Results,
    assemble,
    case_id,
    case_record,
    claim_record,
    sealed,
    write_document,
)
from edgeassay.runs.records import ScoresRecord
from edgeassay.selftest.checks import Outcome
from edgeassay.selftest.planted import Bench
from edgeassay.selftest.record import CheckRecord, SelftestRecord

HOST, USER, PLACE = "ward-seven", "miamueller", "/home/miamueller/scans"
VARIANTS: Final = ("fp32", "same", "worse", "bigger")
STARTED: Final = datetime(2027, 3, 1, 12, tzinfo=UTC)
NAMED: Final = f"{HOST} read {PLACE}/images/001.png for {USER}"
TIMED: Final = HealthRecord(
    what="latency_p50_ms",
    seconds=1.5,
    cpus=2,
    waited_share=0.01,
    foreign_cpus=0.2,
    steal_share=0.0,
    throttled_share=None,
    swapped_mb=0.0,
    mhz=(2400.0, 2300.5),
    celsius=(None, None),
    unknown="throttling",
    excess=None,
)


@dataclass(frozen=True)
class EvidenceProject:
    """A folder with a model, its data and its results; commits lie a day before the run."""

    folder: Path

    def git(self, *words: str, days_before: int = 1) -> str:
        """Git there; commits are of somebody with a name."""
        moment = (STARTED - timedelta(days=days_before)).isoformat()
        settings = ("user.name=Mia Mueller", "user.email=mia@ward.example", "commit.gpgsign=false")
        ended = subprocess.run(
            ["git", "-C", str(self.folder), *(w for s in settings for w in ("-c", s)), *words],
            env={
                "PATH": "/usr/bin:/bin:/usr/local/bin",
                "HOME": str(self.folder),
                "GIT_AUTHOR_DATE": moment,
                "GIT_COMMITTER_DATE": moment,
                "GIT_CONFIG_NOSYSTEM": "1",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return ended.stdout.strip()

    def commit(self, *, days_before: int = 1) -> str:
        """Commit all of models/."""
        self.git("add", "models")
        self.git("commit", "-q", "-m", "a change by Mia Mueller", days_before=days_before)
        return self.git("rev-parse", "HEAD")

    @property
    def toml(self) -> Path:
        """The model's declaration."""
        return self.folder / "models/planted/model.toml"

    def change(self, old: str, new: str) -> None:
        """Change the declaration."""
        text = self.toml.read_text(encoding="utf-8")
        assert old in text
        self.toml.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def results(self) -> Results:
        """A real run on the model."""
        return read_results(self.folder / "judged.json")

    def judge(self) -> None:
        """Make that run, and keep its scores beside its file."""
        bench = Bench(self.folder)
        assay = bench.assay
        claims = [c for c in assay.plan.claims if c.case.variant in VARIANTS]
        judged = [assay.judge(claim) for claim in claims]
        cases = list(dict.fromkeys(claim.case for claim in claims))
        saved = [(case, assay.evidence.evaluations.to_save(case)) for case in cases]
        results = assemble(
            state_of(self.folder, read={}),
            STARTED,
            this_machine(),
            [claim_record(one) for one in judged],
            [case_record(case, assay.evidence.facts(case)) for case in cases],
            co_primaries={"planted": ()},
            complete=True,
            command=["--assay-json", f"{PLACE}/results.json"],
        )
        assay.rig.pool.close()
        kept = [(case, scores) for case, scores in saved if scores is not None]
        results.scores = [
            ScoresRecord(case=case_id(case), sha256=s.sha256, data_sha256=s.data_sha256)
            for case, s in kept
        ]
        results.machine |= {"hostname": HOST}
        results.claims[0].reason += f"; {NAMED}"
        results.cases[0].health = [TIMED]
        keep_beside(self.results_path, (s for _, s in kept), ())
        write_document(self.folder / "judged.json", sealed(results))

    @property
    def results_path(self) -> Path:
        """Where the run left them."""
        return self.folder / "results.json"

    @property
    def ledger(self) -> Path:
        """Of looks at the test split."""
        return self.folder / "attempts.jsonl"

    def leave(self, **changed: Any) -> Path:
        """Write the results, and the ledger's line."""
        results = self.results.model_copy(update={"dirty": False, **changed})
        document = sealed(results)
        write_document(self.results_path, document)
        self.ledger.unlink(missing_ok=True)
        append_attempt(self.ledger, results, document["digest"])
        return self.results_path

    def selftest(self, **changed: Any) -> Path:
        """A selftest of this machine, quickly."""
        check = CheckRecord(
            subject="AUC",
            planted="7 scores",
            expected="0.75",
            said="0.75",
            outcome=Outcome.EXPECTED,
            seconds=0.1,
        )
        record = SelftestRecord(
            edgeassay=edgeassay.__version__,
            fingerprint=this_machine().fingerprint,
            python="3.11.7",
            made=STARTED + timedelta(hours=1),
            outcome=Outcome.EXPECTED,
            checks=[check],
        ).model_copy(update=changed)
        path = self.folder / "selftest.json"
        write_text(path, record.model_dump_json(by_alias=True))
        return path

    @property
    def redactor(self) -> Redactor:
        """That of a machine with names."""
        return Redactor(key=b"k" * 32, root=self.folder, hosts=(HOST,), users=(USER,))

    def asked(self, **given: Any) -> Asked:
        """What a bundle is asked for."""
        asked = Asked(
            root=self.folder,
            redactor=self.redactor,
            selftests=(self.selftest(),),
            attempts=self.ledger,
            data_root=self.folder / "data",
        )
        return replace(asked, **given)


def begun(folder: Path) -> EvidenceProject:
    """The model in a first commit, its limits in a second one, and a run on it."""
    project = EvidenceProject(folder)
    project.git("init", "-q", "-b", "main")
    Bench(folder).write()
    limits = project.toml.read_text(encoding="utf-8").partition("[limits]")[2]
    project.change(f"[limits]{limits}", "")
    project.commit(days_before=9)
    with project.toml.open("a", encoding="utf-8") as file:
        file.write(f"[limits]{limits}")
    project.commit(days_before=8)
    project.judge()
    return project


def bytes_of(folder: Path, without: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file of a bundle."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in without
    }
