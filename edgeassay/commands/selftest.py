"""The options of `edgeassay selftest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeassay.options import Identified


def selftest(
    *,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", metavar="PATH", help="Write it there too, for an evidence bundle."),
    ] = None,
    identified: Identified = False,
) -> None:
    """Ask the engine what it must know, and plant regressions that it must find.

    Known answers: AUC and its bounds, order statistics, Dice, verdict rules,
    digests. Planted on this machine, with its own runtime: worse scores, a
    larger file, outputs that are no numbers, extra work in the timed span, half
    a file, a patient of two splits, results that were changed. It needs neither
    TensorFlow nor data, and takes about half a minute.

    Exit codes, the first that applies: 2 usage or bad input; 1 an answer is
    wrong; 4 something couldn't be asked here; 3 the machine is too busy to
    time anything; 0 all as expected.
    """
    from edgeassay.selftest.command import selftest_command

    selftest_command(
        json_path=json_path,
        identified=identified,
    )
