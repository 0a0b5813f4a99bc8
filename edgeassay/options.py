"""Options that several commands have alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from edgeassay.errors import ConfigError

Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="ID",
        help="The device profile (default: the one that recognises this machine).",
    ),
]
DevicesDirs: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--devices-dir", metavar="PATH", help="A further folder of device profiles; repeatable."
    ),
]
ModelsDirs: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--models-dir", metavar="PATH", help="A further folder of models; repeatable."),
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="Workers at once.")
]
Shapes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        metavar="[NAME=]1x224x224x3",
        help="What the network's inputs are given where its file leaves their sizes open, batch"
        " first; repeatable, with an input's name.",
    ),
]
Signature: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--signature",
        metavar="NAME",
        help="Which graph of the files is meant, by the signature that names it (default: the main"
        " graph).",
    ),
]
JsonFile: TypeAlias = Annotated[
    Path | None, typer.Option("--json", metavar="PATH", help="Write all numbers there.")
]
ChartFile: TypeAlias = Annotated[
    Path | None, typer.Option("--chart", metavar="PATH", help="Write a picture (SVG) there.")
]
Identified: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--identified",
        help="Keep names of images, paths, hosts and users; else keyed digests stand for them.",
    ),
]


def read_shapes(entries: Sequence[str] | None) -> dict[str, list[tuple[int, ...]]]:
    """What `--shape` says, by an input's name or "" for each; ConfigError where it is no shape."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for entry in entries or ():
        name, _, text = entry.rpartition("=")
        if not re.fullmatch(r"[1-9]\d{0,5}(x[1-9]\d{0,5})*", text):
            raise ConfigError(
                f"--shape {entry}: it must be the sizes of an input, batch first, such as"
                " 1x224x224x3, or NAME=1x128 for one of several inputs"
            )
        if name in found:
            raise ConfigError(f"--shape {entry}: the input has a shape already; give it once")
        found[name] = [tuple(map(int, text.split("x")))]
    return found
