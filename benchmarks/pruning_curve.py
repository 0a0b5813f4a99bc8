"""How much quality pruning costs: docs/results/pruning-vessel-unet.svg.

pip install vl-convert-python
pytest --benchmark --model vessel-unet --variant ... --assay-json curve.json
python -m benchmarks.pruning_curve vessel-unet curve.json docs/results/pruning-vessel-unet.svg

Each point is an artifact: its parameters and multiply-accumulates by the whole network's, recounted
from both files, against the mean Dice on the test split.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.compression import REFERENCE, cells

DENOMINATORS: Final = {
    "parameters_ratio": "parameters",
    "macs_ratio": "MACs",
    "size_ratio": "bytes",
}
PRUNED: Final = "pruned"
WIDTH: Final = 640
HEIGHT: Final = 360


def points(variants: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """A point for each variant and denominator."""
    found = []
    for name, known in variants.items():
        own = known[REFERENCE]
        if own["mean_dice"] is None or not name.startswith(PRUNED):
            continue
        kind = "int8 of it" if name.endswith("int8") else "float"
        for claim, denominator in DENOMINATORS.items():
            made = own.get("claims", {}).get(claim)
            if made is None or made["measurement"] is None:
                continue
            times = 1.0 / made["measurement"]["value"]
            point = {"variant": name, "fewer": denominator, "times": times, "kind": kind}
            found.append(point | {"Dice": own["mean_dice"]})
    return found


def chart(model: str, shown: list[dict[str, Any]], whole: float, margin: float) -> dict[str, Any]:
    """The curve in Vega-Lite."""
    axis = {"field": "Dice", "type": "quantitative", "scale": {"zero": False}}
    across = {
        "field": "times",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "title": "times fewer than the whole network (logarithmic)",
    }
    colour = {
        "field": "fewer",
        "type": "nominal",
        "title": "fewer",
        "scale": {"scheme": "tableau10"},
    }
    lines = [
        {"Dice": whole, "words": f"the whole network: {whole:.3f}"},
        {"Dice": whole - margin, "words": f"{margin:g} less"},
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": f"{model}: mean Dice on the test split against what pruning takes away",
        "background": "white",
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": lines},
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": "#777"},
                "encoding": {"y": axis},
            },
            {
                "data": {"values": lines},
                "mark": {"type": "text", "align": "left", "dy": -6, "x": 4, "color": "#555"},
                "encoding": {"y": axis, "text": {"field": "words"}},
            },
            {
                "data": {"values": [p for p in shown if p["kind"] == "float"]},
                "mark": {"type": "line", "strokeWidth": 1.5},
                "encoding": {"x": across, "y": axis, "color": colour},
            },
            {
                "data": {"values": shown},
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {
                    "x": across,
                    "y": axis,
                    "color": colour,
                    "shape": {"field": "kind", "type": "nominal", "title": "weights"},
                },
            },
        ],
    }


def main(model: str, results: str, target: str) -> None:
    """Write the picture."""
    import vl_convert  # type: ignore[import-not-found,import-untyped,unused-ignore]

    variants = cells([Path(results)])[model]
    drops = [k[REFERENCE].get("claims", {}).get("mean_dice_drop") for k in variants.values()]
    margin = max(float(drop["limit"]["value"]) for drop in drops if drop is not None)
    shown = points(variants)
    drawn = vl_convert.vegalite_to_svg(
        chart(model, shown, float(variants["fp32"][REFERENCE]["mean_dice"]), margin)
    )
    Path(target).write_text(drawn + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:4])
