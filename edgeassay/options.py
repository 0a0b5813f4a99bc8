"""Options that several commands have alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

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
