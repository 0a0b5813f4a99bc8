"""results.json of runs on several runtimes and devices, small enough to write by the dozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from suites.meta.promotable import COMMIT, HARDWARE

SHA: Final = {"fp32": "a" * 64, "drq": "b" * 64, "int8": "c" * 64}
BYTES: Final = {"fp32": 8_872_772, "drq": 2_461_328, "int8": 2_666_760}
HOSTILE: Final = "<script>alert(1)</script>\"'|`*[x](javascript:y)&\x1b[31m"
# Fields that versions before this report didn't write.
NEW: Final = (
    *("kind", "architecture", "options", "loaded", "delegated_share"),
    *("peak_memory_mb", "intervals", "evaluated_images", "split_images"),
)


def bounds(value: float, low: float | None, high: float | None, unit: str) -> dict[str, Any]:
    """A measurement with bounds."""
    return {
        "value": value,
        "unit": unit,
        "low": low,
        "high": high,
        "n": 5,
        "confidence": 0.95,
    }


@dataclass
class CaseFile:
    """A case on its way into a results file; `p50_ms` None is without timing, `reference_ms` the
    reference's, which the reference itself hasn't.
    """

    variant: str
    runtime: str
    model: str = "chest"
    device: str = "host"
    kind: str = "measured"
    architecture: str = "x86_64"
    p50_ms: float | None = None
    reference_ms: float | None = None
    nodes: tuple[int, int] | None = None
    loaded: dict[str, Any] = field(default_factory=dict)
    mean_auc: float | None = 0.9913
    disturbed: str | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)

    @property
    def case(self) -> dict[str, str]:
        """The four ids."""
        names = ("model", "variant", "runtime", "device")
        return {name: getattr(self, name) for name in names}

    @property
    def record(self) -> dict[str, Any]:
        """What a results file has under `cases`."""
        whole = self.variant == "fp32"
        intervals: dict[str, Any] = {}
        if self.p50_ms is not None:
            intervals["p50_ms"] = bounds(self.p50_ms, 0.9 * self.p50_ms, 1.1 * self.p50_ms, "ms")
        ratio = self.p50_ms / self.reference_ms if self.p50_ms and self.reference_ms else None
        if ratio is not None:
            intervals["latency_ratio"] = bounds(ratio, 0.95 * ratio, 1.05 * ratio, "ratio")
        loaded = dict(self.loaded)
        if self.nodes is not None:
            loaded |= {"delegated": self.nodes[0], "nodes": self.nodes[1], "left": []}
        return {
            "case": self.case,
            "kind": self.kind,
            "architecture": self.architecture,
            "options": {"threads": 1},
            "loaded": loaded,
            "delegated_share": self.nodes and self.nodes[0] / self.nodes[1],
            "size_bytes": BYTES.get(self.variant),
            "size_ratio": None if whole else BYTES.get(self.variant, 5) / BYTES["fp32"],
            "artifact_sha256": SHA.get(self.variant),
            "manifest": True,
            "mean_auc": self.mean_auc,
            "mean_auc_drop": None if whole or self.mean_auc is None else 0.0004,
            "auc_reference": None if whole else "variant fp32",
            "p50_ms": self.p50_ms,
            "p95_ms": self.p50_ms and 1.2 * self.p50_ms,
            "latency_ratio": ratio,
            "peak_memory_mb": None if self.p50_ms is None else 31.5,
            "intervals": intervals,
            "evaluated_images": None if self.mean_auc is None else 1146,
            "split_images": None if self.mean_auc is None else 1146,
            "patients_separate": True,
            "reused_predictions": 0,
            "worker": {"runtime": f"{self.runtime}-package", "runtime_version": "2.3.0"},
            "health": [self._health] if self.p50_ms is not None else [],
            "co_primary": None,
        }

    @property
    def _health(self) -> dict[str, Any]:
        shares = ("waited_share", "foreign_cpus", "steal_share", "throttled_share", "swapped_mb")
        return {
            "what": "latency",
            "seconds": 2.0,
            "cpus": 2,
            **dict.fromkeys(shares),
            "mhz": [None, None],
            "celsius": [None, None],
            "unknown": None,
            "excess": self.disturbed,
        }

    def claimed(
        self,
        name: str,
        verdict: str = "pass",
        value: float | None = None,
        limit: float = 1.0,
        **more: Any,
    ) -> CaseFile:
        """With a further claim."""
        claim = {
            "claim": name,
            "case": self.case,
            "class": None,
            "measurement": None if value is None else bounds(value, None, None, "ratio"),
            "reference": None,
            "limit": {"value": limit, "source": "models/chest/model.toml:limits"},
            "verdict": verdict,
            "deviation": None,
            "deviation_expires": None,
            "reason": f"measured {value}",
            "kind": self.kind,
        }
        self.claims = [*self.claims, claim | more]
        return self


def results(
    cases: Sequence[CaseFile], *, known: Sequence[CaseFile] = (), **more: Any
) -> dict[str, Any]:
    """A whole file; of the cases in `known` there are facts and no claims."""
    claims = [claim for case in cases for claim in case.claims]
    machine = {"fingerprint": HARDWARE, "cpu_model": "Slow 1", "architecture": "x86_64", "cpus": 2}
    return {
        "schema": 1,
        "edgeassay": "0.1.0",
        "commit": COMMIT,
        "dirty": False,
        "started": "2026-11-21T12:00:00Z",
        "machine": machine,
        "command": ["--benchmark", "--model", "chest"],
        "complete": True,
        "claims": claims,
        "cases": [case.record for case in (*cases, *known)],
        "unasked": [],
    } | more


def write(path: Path, document: Mapping[str, Any]) -> Path:
    """The file, where a run would have left it."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def old(document: dict[str, Any]) -> dict[str, Any]:
    """The same as an earlier version wrote it."""
    cases = [{k: v for k, v in case.items() if k not in NEW} for case in document["cases"]]
    return {k: v for k, v in document.items() if k != "command"} | {"cases": cases}


def ratio_case(variant: str, runtime: str, ms: float, base: float, **more: Any) -> CaseFile:
    """A timed variant, whose claim on its ratio to the reference holds below 1."""
    case = CaseFile(variant, runtime, p50_ms=ms, reference_ms=base, **more).claimed("loads")
    return case.claimed("latency_ratio", "pass" if ms <= base else "fail", value=ms / base)


def x86_run(**more: Any) -> dict[str, Any]:
    """fp32, dynamic range and int8 on two runtimes: int8 is faster on one and slower on the other,
    and dynamic range doesn't load there.
    """
    refused = "tflite-runtime refuses chest/drq: Didn't find op 'FULLY_CONNECTED' version '12'"
    cases = [
        CaseFile("fp32", "litert", p50_ms=3.5, nodes=(65, 65)).claimed("loads"),
        ratio_case("drq", "litert", 10.2, 3.5, nodes=(36, 65)),
        ratio_case("int8", "litert", 1.6, 3.5, nodes=(65, 65)),
        CaseFile("fp32", "tflite-runtime", p50_ms=4.4, nodes=(64, 65)).claimed("loads"),
        CaseFile("drq", "tflite-runtime", mean_auc=None)
        .claimed("loads", "fail", reason=refused)
        .claimed("latency_ratio", "fail", reason=refused)
        .claimed("mean_auc_drop", "fail", reason=refused),
        ratio_case("int8", "tflite-runtime", 35.7, 4.4, nodes=(0, 65)),
    ]
    cases[-1].claims[-1].update(
        deviation="its x86 wheel has no int8 kernels in XNNPACK", deviation_expires="2027-12-31"
    )
    return results(cases, **more)


def others() -> dict[str, Any]:
    """An emulated ARM, software for a GPU, an estimate, and a runtime that isn't there."""
    emulated: dict[str, Any] = {"device": "arm64", "kind": "emulated", "architecture": "aarch64"}
    gpu, npu = "litert-compiled-gpu", "ethos-u"
    absent = "no worker for 'tensorflow': `edgeassay runtimes --install tensorflow` makes it"
    return results(
        [
            CaseFile("fp32", "litert", **emulated).claimed("loads"),
            CaseFile("int8", "litert", nodes=(65, 65), **emulated)
            .claimed("loads")
            .claimed("parity_lsb", value=1.0)
            .claimed("latency_ratio", "unmeasured", reason="arm64 is emulated: no device's times"),
            CaseFile("fp32", gpu, kind="software", p50_ms=235.0).claimed("loads"),
            CaseFile("int8", gpu, kind="software", p50_ms=210.0, reference_ms=235.0)
            .claimed("loads")
            .claimed("latency_ratio", "unmeasured", value=0.9, reason="software stands in"),
            CaseFile(
                "int8",
                npu,
                kind="estimated",
                mean_auc=None,
                nodes=(65, 65),
                loaded={"sram_bytes": 385_024, "cycles": 1_234_567, "target": "ethos-u65-512"},
            ).claimed("loads"),
            CaseFile("int8", "tensorflow", mean_auc=None)
            .claimed("loads", "unmeasured", reason=absent)
            .claimed("latency_ratio", "unmeasured", reason=absent),
        ],
        started="2026-11-21T13:00:00Z",
        dirty=True,
        complete=False,
    )


def hostile() -> dict[str, Any]:
    """A run whose every free text would be markup."""
    case = CaseFile(HOSTILE, HOSTILE, model=HOSTILE, device=HOSTILE, architecture=HOSTILE)
    case.claimed("latency_ratio", "fail", value=2.0, reason=HOSTILE, deviation=HOSTILE)
    case.claimed("parity_lsb", "unmeasured", reason=HOSTILE)
    case.claims[-1]["class"] = HOSTILE
    document = results([case], command=[HOSTILE], commit=HOSTILE, edgeassay=HOSTILE)
    document["machine"] = dict.fromkeys(("fingerprint", "cpu_model", "gpus", "system"), HOSTILE)
    document["cases"][0] |= {"worker": {"runtime": HOSTILE}, "loaded": {"adapter": HOSTILE}}
    document["cases"][0] |= {"p50_ms": 1.0, "p95_ms": 2.0, "artifact_sha256": HOSTILE}
    return document
