"""Whether artifacts can be made here."""

from __future__ import annotations

from importlib.util import find_spec

from edgeassay.build import NEEDED, converter_versions
from edgeassay.doctor.finding import Finding, Level


def building() -> Finding:
    """Whether artifacts can be built here, as far as their converters are installed."""
    versions = converter_versions("keras") | converter_versions("tflite")
    modules = dict(NEEDED.values())
    missing = [name for module, name in modules.items() if find_spec(module) is None]
    there = [f"{k} {versions[k]}" for k in ("tensorflow", "ai-edge-quantizer") if k in versions]
    if not missing:
        seen = f"{' and '.join(there)} are installed"
        return Finding(about="building", level=Level.OK, seen=seen)
    return Finding(
        about="building",
        level=Level.NOTE,
        seen=f"no {' and no '.join(missing)} here"
        + (f" (only {' and '.join(there)})" if there else ""),
        remedy="a device needs none: build elsewhere and give `pytest --artifacts DIR`; to build"
        " here, `pip install 'edgeassay[build]'`",
    )
