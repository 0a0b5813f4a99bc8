"""The command line: what is done without pytest."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

import edgeassay
from edgeassay.commands.table import COMMANDS
from edgeassay.errors import EdgeassayError
from edgeassay.memory import REMEDY, check_memory, is_shortage

BAD_INPUT: Final = 2


class _Commands(TyperGroup):
    """Imports a command when it is invoked, or its own help shown."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is meant, as its module has it."""
        name, command, rest = super().resolve_command(ctx, args)
        check_memory()
        return name, command and _imported(str(name)), rest


def _imported(name: str) -> Any:
    """A command, or a group of commands, made of the module of its name."""
    attribute = name.replace("-", "_")
    found = getattr(importlib.import_module(f"edgeassay.commands.{attribute}"), attribute)
    alone = typer.Typer()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return typer.main.get_group(alone).commands[name]


app = typer.Typer(
    cls=_Commands,
    help="Merge gates for compressed medical-imaging models. The suite itself runs with pytest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"edgeassay {edgeassay.__version__}")
        raise typer.Exit


def _not_yet_imported() -> None:
    """Stands for a command in `edgeassay --help`."""


for panel, commands in COMMANDS.items():
    for name, says in commands.items():
        app.command(name, help=says, rich_help_panel=panel)(_not_yet_imported)


def main() -> None:
    """Run the command line; an error is one sentence on stderr and exit code 2. Whoever asks it to
    end (a cancelled job) lets it clean up.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app()
    except EdgeassayError as error:
        _end(str(error))
    except (MemoryError, ImportError, OSError) as error:
        if not is_shortage(error):
            raise
        _end(f"there isn't enough memory for this; {REMEDY}")


def _end(sentence: str) -> NoReturn:
    print(f"edgeassay: {sentence}", file=sys.stderr)
    sys.exit(BAD_INPUT)
