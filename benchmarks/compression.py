"""All variants of all models side by side: the tables of docs/results/compression.md.

pytest --benchmark --runtime litert --runtime tflite-runtime --assay-json a.json
python benchmarks/compression.py a.json [b.json ...]

A variant has one line: bytes, what else it has less of, the drop of its mean AUC or Dice on the
reference runtime, and its time by the float network's on every runtime, each with one-sided 95 %
bounds. What several runs have of a case is taken from the first that has it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

REFERENCE: Final = "litert"
# What else a variant has less of, beside bytes.
COUNTED: Final = ("parameters_ratio", "macs_ratio")


def cells(paths: list[Path]) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """What is known of every case: model, variant, runtime."""
    found: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for path in paths:
        results = json.loads(path.read_text(encoding="utf-8"))
        for record in results["cases"]:
            case = record["case"]
            if case["device"] != "host":
                continue
            place = found.setdefault(case["model"], {}).setdefault(case["variant"], {})
            known = place.setdefault(case["runtime"], {})
            for key in ("size_bytes", "size_ratio", "mean_auc", "mean_dice", "latency_ratio"):
                known[key] = record.get(key) if known.get(key) is None else known[key]
        for claim in results["claims"]:
            case = claim["case"]
            known = found[case["model"]][case["variant"]].get(case["runtime"], {})
            known.setdefault("claims", {}).setdefault(claim["claim"], claim)
    return found


def bounded(claim: dict[str, Any] | None, digits: int) -> str:
    """A measurement with its bounds."""
    if claim is None or claim["measurement"] is None:
        return "-"
    value, low, high = (claim["measurement"][key] for key in ("value", "low", "high"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def fraction(claim: dict[str, Any] | None) -> str:
    """One by how many times fewer there are."""
    if claim is None or claim["measurement"] is None:
        return ""
    return f"1/{1.0 / claim['measurement']['value']:,.4g}"


def on_runtime(known: dict[str, Any]) -> str:
    """How long a variant takes there, or why nobody knows."""
    claims = known.get("claims", {})
    loads = claims.get("loads")
    if loads is not None and loads["verdict"] != "pass":
        return "doesn't load"
    ratio = known.get("latency_ratio")
    claim = claims.get("latency_ratio")
    if claim is not None and claim["measurement"] is not None:
        return bounded(claim, 2)
    return "-" if ratio is None else f"{ratio:.2f}"


def verdict(known: dict[str, Any]) -> str:
    """What all claims of a case come to, and which don't hold."""
    lost = sorted(
        {name for name, claim in known.get("claims", {}).items() if claim["verdict"] == "fail"}
    )
    open_ = sorted(
        {n for n, claim in known.get("claims", {}).items() if claim["verdict"] == "inconclusive"}
    )
    words = [f"fails {', '.join(lost)}"] if lost else []
    words += [f"open: {', '.join(open_)}"] if open_ else []
    return "; ".join(words) or "all hold"


def table(variants: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """The lines of a model."""
    runtimes = list(dict.fromkeys(name for known in variants.values() for name in known))
    owns = [known[REFERENCE] for known in variants.values()]
    quality = "Dice" if any(own["mean_dice"] is not None for own in owns) else "AUC"
    counted = [c for c in COUNTED if any(c in own.get("claims", {}) for own in owns)]
    head = ["variant", "bytes", "ratio", *(c.removesuffix("_ratio") for c in counted)]
    head += [f"{quality} drop", *(f"time, {r}" for r in runtimes), REFERENCE]
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 2)}---|"]
    for name, known in variants.items():
        own = known[REFERENCE]
        drop = own.get("claims", {}).get(f"mean_{quality.lower()}_drop")
        whole = own[f"mean_{quality.lower()}"]
        shown = f"{quality} {whole:.4f}" if drop is None else bounded(drop, 4)
        row = [
            name,
            f"{own['size_bytes']:,}",
            "" if own["size_ratio"] is None else f"{own['size_ratio']:.3f}",
            *(fraction(own.get("claims", {}).get(claim)) for claim in counted),
            shown,
            *("" if drop is None else on_runtime(known.get(r, {})) for r in runtimes),
            verdict(own),
        ]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def main(paths: list[str]) -> None:
    """Print one table for each model."""
    for model, variants in cells([Path(path) for path in paths]).items():
        print(f"### {model}\n", *table(variants), "", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
