"""Results with everything that a page draws: as many cases as wanted, small and in memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

from edgeassay.history.findings import BenchmarkHistory, Change, MachineHistory, Moment, Percent
from edgeassay.html_report import html_page
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results
from suites.meta.matrix_files import CaseFile, bounds, results

CLASSES: Final = (
    *("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia"),
    *("Pneumothorax", "Consolidation", "Edema", "Emphysema", "Fibrosis", "Hernia", "Thickening"),
)
VARIANTS: Final = ("fp32", "drq", "fp16", "int8")
RUNTIMES: Final = ("litert", "litert-2.1", "litert-compiled-cpu", "tflite-runtime", "onnx")
LIMITS: Final = "models/chest/model.toml:limits"
VOID: Final = {"meta", "br", "img"}


class Parsed(HTMLParser):
    """A page's tags, its links and ids, and its text by the tag that it stands in; no tag may be
    open at the end, and no attribute may be a script.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert not [name for name in found if name.startswith("on")]
        self.tags.append((tag, found))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def values(self, name: str) -> list[str]:
        """All of an attribute's values."""
        return [found[name] for _, found in self.tags if name in found]

    def count(self, tag: str, **wanted: str) -> int:
        """How many tags there are with these attributes."""
        return sum(
            name == tag and all(found.get(k.rstrip("_")) == v for k, v in wanted.items())
            for name, found in self.tags
        )

    @property
    def text(self) -> str:
        """All text, without the stylesheet."""
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())


def curves(
    ms: float | None = None, *, shift: float = 0.0, classes: Sequence[str] = CLASSES
) -> dict[str, Any]:
    """What is drawn of a case: binormal ROC, bins near the diagonal, and a tail of durations."""
    grid = [k / 40 for k in range(41)]
    found: dict[str, Any] = {
        "roc": [
            {
                "class": name,
                "positives": 100 + k,
                "negatives": 900 - k,
                "points": [(x, min(1.0, x ** (0.25 + 0.01 * k + shift))) for x in grid],
            }
            for k, name in enumerate(classes)
        ],
        "reliability": [
            {"score": (k + 0.5) / 10, "share": min(1.0, (k + 0.4) / 10 + shift), "n": 1400}
            for k in range(10)
        ],
        "subgroups": [],
        "times": None,
    }
    if ms is not None:
        quantiles = [ms * (0.9 + 0.2 * k / 100 + 0.3 * (k / 100) ** 20) for k in range(101)]
        found["times"] = {
            "processes": 5,
            "rounds": 500,
            "quantiles_ms": quantiles,
            "process_medians_ms": [ms] * 5,
        }
    return found


def case(
    variant: str,
    runtime: str = "litert",
    *,
    classes: Sequence[str] = CLASSES,
    ms: float | None = 3.0,
    **more: Any,
) -> CaseFile:
    """A case with claims about all that a page draws; drops are small, and all hold."""
    made = CaseFile(
        variant, runtime, p50_ms=ms, reference_ms=None if variant == "fp32" else 3.5, **more
    ).claimed("loads", value=1.0)
    made.claims[-1]["measurement"]["unit"] = "flag"
    _claim(made, "min_auc", 0.99, 0.98, 0.97, unit="AUC", at_least=True)
    if ms is not None:
        _claim(made, "latency_p95_ms", 1.2 * ms, 4.0 * ms, 5.0 * ms, unit="ms")
    if variant != "fp32":
        made.claimed("size_ratio", value=0.3, limit=0.55)
        _claim(made, "mean_auc_drop", 0.0004, 0.002, 0.009, unit="AUC")
        for k, name in enumerate(classes):
            _claim(made, "class_auc_drop", 0.0003 * k, 0.004, 0.02, unit="AUC", of_class=name)
        for name in ("sensitivity_drop", "specificity_drop", "score_shift_p99"):
            _claim(made, name, 0.001, 0.004, 0.02, unit="share")
    return made


def _claim(
    made: CaseFile,
    name: str,
    value: float,
    edge: float,
    limit: float,
    *,
    unit: str,
    of_class: str | None = None,
    at_least: bool = False,
) -> None:
    made.claimed(name, value=value, limit=limit)
    low, high = (0.985, 0.995) if at_least else (2 * value - edge, edge)
    made.claims[-1] |= {
        "measurement": bounds(value, low, high, unit),
        "class": of_class,
        "reason": f"measured {value:.4g} {unit}, limit {limit:g}; limit set by {LIMITS}.{name}",
        "limit": {"value": limit, "source": f"{LIMITS}.{name}", "rationale": f"why of {name}"},
    }


def document(cases: Sequence[CaseFile], *, drawn: bool = True, **more: Any) -> dict[str, Any]:
    """A results file of these cases, with curves."""
    made = results(cases, **more)
    for k, record in enumerate(made["cases"]):
        if record["size_ratio"] is not None and record["case"]["variant"] == "fp16":
            record |= {"size_bytes": 4_459_956, "size_ratio": 0.5027}
        names = [c["class"] for c in cases[k].claims if c["claim"] == "class_auc_drop"]
        if drawn and record["mean_auc"] is not None:
            found = curves(record["p50_ms"], shift=0.002 * (k % 4), classes=names or CLASSES)
            record["curves"] = found
    return made


def run(found: dict[str, Any], where: str = "results.json") -> Run:
    """The document as a run."""
    return Run(where=where, results=Results.model_validate(found))


def many(models: int = 10) -> dict[str, Any]:
    """Twenty cases a model: four variants on five runtimes, with 14 classes."""
    made = [
        case(variant, runtime, model=f"chest-{m:02}", ms=1.0 + 0.3 * v + r)
        for m in range(models)
        for v, variant in enumerate(VARIANTS)
        for r, runtime in enumerate(RUNTIMES)
    ]
    return document(made)


@cache
def page_of_many() -> str:
    """Its page, which takes a while."""
    return html_page([run(many())])


def history(benchmarks: Iterable[str] = ("chest-int8-litert",)) -> MachineHistory:
    """A machine's runs, with a change of level half-way."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [Moment(commit=f"{k:040x}", saved=start + timedelta(days=k)) for k in range(40)]
    ms = tuple((2.0 if k < 30 else 2.6) + 0.02 * math.sin(k) for k in range(40))
    change = Change(
        last=moments[29], first=moments[30], percent=30.0, low=28.0, high=32.0, reasons=()
    )
    found = tuple(
        BenchmarkHistory(
            key=name,
            name=name,
            runs=40,
            disturbed=0,
            first=moments[0],
            last=moments[-1],
            now_ms=ms[-1],
            recent_ms=ms[-24:],
            recent=tuple(moments[-24:]),
            trend=Percent(value=1.0, low=0.5, high=1.5),
            changes=(change,),
            size_bytes=None,
            mean_auc=None,
        )
        for name in benchmarks
    )
    return MachineHistory(
        fingerprint="97e82e2d2bc7",
        machine={"cpu_model": "Slow 1"},
        runs=40,
        first=moments[0],
        last=moments[-1],
        benchmarks=found,
    )
