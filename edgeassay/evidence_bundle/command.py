"""`edgeassay verify`: what the command line says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from edgeassay.errors import ConfigError
from edgeassay.evidence_bundle.signing import Signed
from edgeassay.evidence_bundle.verifying import FAILED, LACKING, Verified, verify
from edgeassay.runs.records import plain

STYLES: Final = {0: "green", FAILED: "bold red", LACKING: "bold yellow"}
MOST = 20  # sentences of a kind that are shown


def verify_command(
    folder: Path,
    *,
    signers: Path | None,
    identity: str | None,
) -> None:
    """What `edgeassay verify` does with its options."""
    if identity is not None and signers is None:
        raise ConfigError("--identity says who of the signers; give their file with --signers")
    found = verify(folder, signers, identity)
    code = found.code(signers=signers is not None)
    show(found, code, Console(highlight=False))
    if code:
        raise typer.Exit(code)


def show(found: Verified, code: int, console: Console) -> None:
    """What is wrong first, the verdict last."""
    again = found.recomputed
    _list(console, "changed", found.changed, "bold red")
    _list(console, "doesn't add up", tuple(again.wrong), "bold red")
    _list(console, "patients", found.overlaps, "bold red")
    style = {Signed.WRONG: "bold red", Signed.BY_WHOM: "green"}
    _say(
        console, f"signature: {found.signature.words}", style.get(found.signature.signed, "yellow")
    )
    if not found.changed:
        _say(console, f"files: all {found.files:,} are as the manifest has them", "green")
    told = (
        f"{again.raw:,} computed again, {again.numbers - again.raw:,} compared with others,"
        f" {again.verdicts:,} verdicts derived again"
    )
    _say(console, f"numbers: {told}" if again.wrong else f"numbers: {told}, all as judged")
    if again.beyond:
        names = ", ".join(f"{name} ({count:,})" for name, count in sorted(again.beyond.items()))
        _say(console, f"needs more than the bundle holds to be computed again: {names}", "dim")
    for sentence in found.data:
        _say(console, f"patients: {sentence}")
    _list(console, "the bundle's own warning", found.warnings, "yellow")
    _list(console, "lacking", found.lacking, "bold yellow")
    _say(console, _verdict(found, code), STYLES[code])


def _verdict(found: Verified, code: int) -> str:
    """The whole in a sentence."""
    if code == FAILED:
        return "not verified: what is wrong stands above"
    if code == LACKING and not found.recomputed.raw:
        return "not verified: nothing was changed, and nothing was computed again"
    if code == LACKING:
        return "verified in part: nothing was changed, and what is lacking stands above"
    return "verified: nothing was changed, and what was computed again is as judged"


def _list(console: Console, what: str, sentences: tuple[str, ...], style: str) -> None:
    for sentence in sentences[:MOST]:
        _say(console, f"{what}: {sentence}", style)
    if len(sentences) > MOST:
        _say(console, f"{what}: and {len(sentences) - MOST:,} more", style)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(plain(text), style=style), soft_wrap=True)
