"""The options of `edgeassay verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="What `edgeassay report --evidence DIR` wrote.")
    ],
    *,
    signers: Annotated[
        Path | None,
        typer.Option(
            "--signers",
            metavar="ALLOWED_SIGNERS",
            help="A file of those who may sign and their keys, as ssh-keygen takes it: the bundle"
            " must be signed by one of them.",
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option("--identity", metavar="WHO", help="By just this one of the signers."),
    ] = None,
) -> None:
    """Show whether an evidence bundle is what it was, whose it is, and whether it adds up.

    Every byte is compared with the signed manifest; AUCs, drops, their bounds
    and what else the predictions give are computed again, verdicts again from
    their numbers, and that no patient is in two splits from the lists of
    digests. Acceptance criteria are compared with the limits in the results,
    and their dates with the runs'. Nothing else than the bundle is needed.

    Exit codes, the first that applies: 2 usage, or no bundle; 1 something was
    changed, is signed wrongly or doesn't add up; 4 unsigned, and --signers was
    given, or predictions are lacking, so that nothing or not all could be
    computed again; 0 all is well.
    """
    from edgeassay.evidence_bundle.command import verify_command

    verify_command(
        folder,
        signers=signers,
        identity=identity,
    )
