"""The `ethos-u` engine: Vela, Arm's compiler for its Ethos-U accelerators. It says what runs on the
accelerator, in how much memory, and estimates cycles.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from importlib import metadata
from typing import Any, Dict, List, Sequence

from .compiler import CompiledEngine, compiled, digest_of, last_line
from .engine import Broken, Engine, Misused, Refused

PACKAGE = "ethos-u-vela"
OPERATOR = "ethos-u"  # what stands in the compiled graph for a piece that the accelerator runs
KIB = 1024
# Columns of its summary, by what they are called here.
NAMED = {
    "accelerator": "accelerator_configuration",
    "system": "system_config",
    "memory": "memory_mode",
}
COUNTED = {
    "sram_bytes": ("sram_memory_used", KIB),
    "dram_bytes": ("dram_memory_used", KIB),
    "flash_bytes": ("off_chip_flash_memory_used", KIB),
    "cycles": ("cycles_total", 1),
}


def describe() -> Dict[str, Any]:
    """The compiler's name and version; raises ImportError where it isn't installed."""
    import ethosu.vela  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def make(path: str, options: Dict[str, Any]) -> Engine:
    """What Vela makes of one .tflite for the accelerator that the options name."""
    with tempfile.TemporaryDirectory(prefix="edgeassay-vela-") as folder:
        return CompiledEngine(_compile(os.path.abspath(path), options, folder))


def _compile(path: str, options: Dict[str, Any], folder: str) -> Dict[str, Any]:
    command = [sys.executable, "-m", "ethosu.vela", path, "--output-dir", folder]
    command += ["--accelerator-config", options["target"]]
    for option, key in (("--system-config", "system"), ("--memory-mode", "memory")):
        command += [option, options[key]] if options[key] is not None else []
    status, words = compiled(command, folder)
    if status != 0:
        sentence = last_line(words)
        if "--system-config" in sentence or "--memory-mode" in sentence or status == 2:
            raise Misused("Vela doesn't know what it shall compile for: %s" % sentence)
        raise Refused(sentence)
    with open(_written(folder, ".csv"), encoding="utf-8", newline="") as file:
        facts = read_summary(file.read())
    output = _written(folder, "_vela.tflite")
    left = [name for name in operators_of(output) if name != OPERATOR]
    facts.update(share(operators_of(path), operators_of(output)))
    return dict(
        facts,
        left=sorted(set(left)),
        target=options["target"],
        compiler=PACKAGE,
        compiler_version=metadata.version(PACKAGE),
        compiled_sha256=digest_of(output),
    )


def _written(folder: str, ending: str) -> str:
    """The one file with that ending that Vela wrote."""
    found = [name for name in os.listdir(folder) if name.endswith(ending)]
    if len(found) != 1:
        raise Broken("Vela wrote %d files *%s, and one is read; install 5.2" % (len(found), ending))
    return os.path.join(folder, found[0])


def read_summary(text: str) -> Dict[str, Any]:
    """What is read of Vela's summary: names, bytes and cycles; Broken where it isn't there."""
    rows = list(csv.DictReader(text.splitlines()))
    if len(rows) != 1:
        raise Broken("Vela's summary has %d rows, and one is read; install 5.2" % len(rows))
    row = rows[0]
    wanted = [*NAMED.values(), *(column for column, _ in COUNTED.values())]
    missing = [column for column in wanted if not row.get(column)]
    if missing:
        raise Broken("Vela's summary lacks %s; install 5.2" % ", ".join(missing))
    facts: Dict[str, Any] = {name: row[column] for name, column in NAMED.items()}
    for name, (column, factor) in COUNTED.items():
        try:
            facts[name] = round(float(row[column]) * factor)
        except (ValueError, OverflowError):
            raise Broken(
                "Vela's summary has %s = %r, which is no number" % (column, row[column])
            ) from None
    return facts


def share(before: Sequence[str], after: Sequence[str]) -> Dict[str, int]:
    """Of the operators of a graph, how many the accelerator took, and in how many pieces, by what
    is left in the compiled one.

    Vela's own counts are of what it made of the operators, and change with its options.
    """
    pieces = sum(name == OPERATOR for name in after)
    return {
        "nodes": len(before),
        "delegated": max(0, len(before) - (len(after) - pieces)),
        "pieces": pieces,
    }


def operators_of(path: str) -> List[str]:
    """The kinds of a .tflite's operators, one by one."""
    from ethosu.vela.tflite.BuiltinOperator import BuiltinOperator
    from ethosu.vela.tflite.Model import Model

    kinds = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
    with open(path, "rb") as file:
        model = Model.GetRootAsModel(bytearray(file.read()), 0)
    found: List[str] = []
    for graph in (model.Subgraphs(k) for k in range(model.SubgraphsLength())):
        for k in range(graph.OperatorsLength()):
            code = model.OperatorCodes(graph.Operators(k).OpcodeIndex())
            custom = code.CustomCode()
            number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            found.append(custom.decode() if custom else kinds.get(number, "operator %d" % number))
    return found
