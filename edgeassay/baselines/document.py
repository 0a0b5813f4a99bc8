"""What stands in a baseline file: promoted benchmarks and what the run says of their cases, beside
those that stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from edgeassay.runs.records import CaseId
from edgeassay.spec import TRAITS, Case, ClaimName

# A file of pytest-benchmark's, as JSON: what is in it isn't ours alone to say.
Document = Mapping[str, Any]
# Lists of numbers, as `json` lays them out; between quotes there are no line breaks.
NUMBERS: Final = re.compile(r"\[\n[^\[\]{}\"]*\]")
# Of our own results, what is said case by case.
BY_CASE: Final = ("cases", "claims", "scores")


def merge(
    base: Document | None, run: Document, cases: Collection[Case], origin: Mapping[str, str]
) -> dict[str, Any]:
    """A baseline with these cases of a run; what `base` has of others stays as it is. `origin` is
    what each promoted case is told to come from.
    """
    ours = {key: value for key, value in run["edgeassay"].items() if key not in BY_CASE}
    made = {key: value for key, value in run.items() if key not in ("benchmarks", "edgeassay")}

    def joined(of: Callable[[Document], list[Any]], named: str) -> list[Any]:
        kept = [] if base is None else [e for e in of(base) if _case(e.get(named)) not in cases]
        return [*kept, *(e for e in of(run) if _case(e.get(named)) in cases)]

    benchmarks = joined(lambda document: list(document["benchmarks"]), "extra_info")
    for key in BY_CASE:
        ours[key] = joined(partial(_ours, key=key), "case")
    ours["claims"] = [c for c in ours["claims"] if not TRAITS[ClaimName(c["claim"])].of_baseline]
    made["benchmarks"] = [_benchmark(b, cases, origin) for b in benchmarks]
    ours["cases"] = [_promoted(record, record["case"], cases, origin) for record in ours["cases"]]
    made["edgeassay"] = ours
    return _sorted(made)


def _ours(document: Document, key: str) -> list[Any]:
    """A list of our own results."""
    return list(document["edgeassay"].get(key, []))


def _case(record: Any) -> Case | None:
    """The case that is named there; None of a test that isn't about one."""
    try:
        return Case(**{name: str(record[name]) for name in CaseId.model_fields})
    except (KeyError, TypeError):
        return None


def _promoted(
    entry: Document, named: Any, cases: Collection[Case], origin: Mapping[str, str]
) -> dict[str, Any]:
    return {**entry, "promoted": dict(origin)} if _case(named) in cases else dict(entry)


def _benchmark(
    benchmark: Document, cases: Collection[Case], origin: Mapping[str, str]
) -> dict[str, Any]:
    """Durations stand once, process by process, and claims once, in our own results."""
    facts = _promoted(benchmark["extra_info"], benchmark["extra_info"], cases, origin)
    facts.pop("claims", None)
    stats = {key: value for key, value in benchmark["stats"].items() if key != "data"}
    return {**benchmark, "extra_info": facts, "stats": stats}


def _sorted(document: dict[str, Any]) -> dict[str, Any]:
    """In an order that doesn't depend on what was promoted first."""
    document["benchmarks"].sort(key=lambda b: str(b["fullname"]))
    ours = document["edgeassay"]
    for key in BY_CASE:
        ours[key].sort(key=lambda e: json.dumps([e["case"], e.get("claim"), e.get("class")]))
    return document


def layout(document: Document) -> str:
    """As text for a review: sorted keys, indented, each list of numbers on one line."""
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    return NUMBERS.sub(lambda found: f"[{' '.join(found[0][1:-1].split())}]", text)
