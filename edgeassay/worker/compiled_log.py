"""What CompiledModel logs of its delegate and of the adapter behind it."""

from __future__ import annotations

import re
from typing import Any, Dict

# What the runtime logs; it offers no other way to know.
ADAPTER = re.compile(r"Selected adapter: (?P<name>.*?), arch=.*adapterType=(?P<type>.*)")
SPLIT = re.compile(
    r"operations are not supported by GPU delegate:\n(?P<reasons>(?:.*\n)*?)"
    r"(?:(?P<taken>\d+)|No) operations will run on the GPU, and (?:the remaining|all)"
    r" (?P<left>\d+) operations"
)
REASON = re.compile(r"^(?P<op>[^:\n]+): ", re.MULTILINE)
SOFTWARE_NAMES = re.compile(r"swiftshader|llvmpipe|lavapipe", re.IGNORECASE)
SOFTWARE_TYPE = "CPU"  # of which the runtime says "CPU / Software"


def delegation(
    options: Dict[str, Any], nodes: int, whole: bool, log: str, *, alone: bool = True
) -> Dict[str, Any]:
    """How many of the graph's nodes the wanted delegate took; `delegated_at_most` where the runtime
    only tells that it wasn't all of them, and neither where it tells nothing, or where it tells it
    of all graphs of a file at once: the graph isn't `alone` there.

    `whole`, that all are accelerated, holds too where the CPU took all that was meant for an
    accelerator: so of that the log has the last word.
    """
    if options["accelerator"] == "cpu" and options["kernels"] != "xnnpack":
        return {"nodes": nodes, "delegated": 0, "pieces": 0}
    split = SPLIT.search(log)
    if not alone and (split is not None or not whole):
        return {"nodes": nodes}
    if split is not None:
        taken, left = int(split.group("taken") or 0), int(split.group("left"))
        kinds = sorted({found.group("op") for found in REASON.finditer(split.group("reasons"))})
        return {"nodes": taken + left, "delegated": taken, "pieces": min(taken, 1), "left": kinds}
    if options["accelerator"] != "cpu" and not adapter(log):
        return {"nodes": nodes}  # whoever took them, it may have been the CPU
    if whole:
        return {"nodes": nodes, "delegated": nodes, "pieces": min(nodes, 1), "left": []}
    return {"nodes": nodes, "delegated_at_most": max(0, nodes - 1)}


def adapter(log: str) -> Dict[str, Any]:
    """The adapter that was selected, and whether it is software; empty where none is named."""
    found = ADAPTER.search(log)
    if found is None:
        return {}
    name = found.group("name").strip()
    return {
        "adapter": name,
        "software": SOFTWARE_TYPE in found.group("type") or bool(SOFTWARE_NAMES.search(name)),
    }
