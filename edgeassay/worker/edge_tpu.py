"""The `edgetpu` engine: Google's compiler for the Coral Edge TPU, where it is on the PATH. It says
what runs there, and in how much of its memory; it estimates no cycles.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import Any, Dict, List, Tuple

from .compiler import CompiledEngine, compiled, digest_of, last_line
from .engine import Broken, Engine, Refused

COMMAND = "edgetpu_compiler"
VERSION = re.compile(r"Edge TPU Compiler version (\S+)")
TOTAL = re.compile(r"^Total number of operations: (\d+)\s*$", re.M)
PIECES = re.compile(r"^Number of Edge TPU subgraphs: (\d+)\s*$", re.M)
USED = re.compile(r"^On-chip memory used for caching model parameters: ([\d.]+)(\w+)\s*$", re.M)
STREAMED = re.compile(
    r"^Off-chip memory used for streaming uncached model parameters: ([\d.]+)(\w+)\s*$", re.M
)
# A line of its table: what, how many, and what became of them.
ROW = re.compile(r"^([A-Z][A-Z0-9_]*)\s+(\d+)\s+(\S.*?)\s*$", re.M)
MAPPED = "Mapped to Edge TPU"
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def describe() -> Dict[str, Any]:
    """The compiler's name and version; raises ImportError where it isn't on the PATH."""
    if shutil.which(COMMAND) is None:
        raise ImportError("%s isn't on the PATH" % COMMAND)
    found = VERSION.search(compiled([COMMAND, "-v"], os.getcwd())[1])
    return {"runtime": COMMAND, "runtime_version": found.group(1) if found else "unknown"}


def make(path: str, _options: Dict[str, Any]) -> Engine:
    """What the compiler makes of one .tflite."""
    with tempfile.TemporaryDirectory(prefix="edgeassay-edgetpu-") as folder:
        command = [COMMAND, "-s", "-o", folder, os.path.abspath(path)]
        status, words = compiled(command, folder)
        if status != 0:
            raise Refused(_refusal(words))
        found = [name for name in os.listdir(folder) if name.endswith("_edgetpu.tflite")]
        if len(found) != 1:
            raise Refused(_refusal(words))
        facts = read_report(words)
        return CompiledEngine(
            dict(facts, compiled_sha256=digest_of(os.path.join(folder, found[0])))
        )


def _refusal(words: str) -> str:
    """Why it gave no file: its last line says only that it didn't."""
    lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
    at = next((k for k, line in enumerate(lines) if line.startswith("Invalid model")), None)
    if at is not None:
        return ": ".join(lines[at : at + 2])
    told = [line for line in lines if line.startswith("Compilation failed:")]
    return told[-1] if told else last_line(words)


def read_report(words: str) -> Dict[str, Any]:
    """What is read of the compiler's report; Broken where it isn't there."""
    total, pieces, used = TOTAL.search(words), PIECES.search(words), USED.search(words)
    rows: List[Tuple[str, int, str]] = [
        (name, int(count), status) for name, count, status in ROW.findall(words)
    ]
    if total is None or pieces is None or used is None or not rows:
        raise Broken("%s's report isn't as that of version 16; install that" % COMMAND)
    nodes = int(total.group(1))
    delegated = sum(count for _, count, status in rows if status == MAPPED)
    left = sorted({"%s (%s)" % (name, status) for name, _, status in rows if status != MAPPED})
    if sum(count for _, count, _ in rows) != nodes:
        raise Broken("%s tells of %d operations, and its table has others" % (COMMAND, nodes))
    version, streamed = VERSION.search(words), STREAMED.search(words)
    return {
        "nodes": nodes,
        "delegated": delegated,
        "pieces": int(pieces.group(1)),
        "left": left,
        "sram_bytes": _bytes(used.group(1), used.group(2)),
        "streamed_bytes": _bytes(*streamed.groups()) if streamed else 0,
        "target": "edgetpu",
        "compiler": COMMAND,
        "compiler_version": version.group(1) if version else "unknown",
    }


def _bytes(number: str, unit: str) -> int:
    if unit not in UNITS:
        raise Broken("%s tells of memory in %s, which isn't known" % (COMMAND, unit))
    return round(float(number) * UNITS[unit])
