"""Where a study is kept: in memory, or where several machines share it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.plain_files import check_plain, open_plain

INSTALL: Final = "the search needs Optuna, which isn't installed: pip install 'edgeassay[search]'"
HOW: Final = (
    "--storage takes a file (study.journal), sqlite:///study.db, or a database's URL such as"
    " mysql+pymysql://USER@HOST/NAME"
)


def check_installed() -> None:
    """ConfigError where there is no Optuna; what it says of itself is kept to warnings."""
    if find_spec("optuna") is None:
        raise ConfigError(INSTALL)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_storage(given: str | None) -> Any:
    """Optuna's storage; ConfigError, in a sentence without its password, where it refuses."""
    import optuna

    if given is None:
        return optuna.storages.InMemoryStorage()
    if "://" not in given:
        return _journal(Path(given))
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return optuna.storages.RDBStorage(given)
    except ImportError as error:
        raise ConfigError(
            f"--storage {shown(given)}: this Python has no driver for it ({error}); install one,"
            " or choose another storage"
        ) from None
    except (SQLAlchemyError, optuna.exceptions.OptunaError, ValueError, OSError, RuntimeError) as e:
        raise ConfigError(f"--storage {shown(given)}: {reason(e)}; {HOW}") from None


def _journal(path: Path) -> Any:
    """A file that holds one change a line, which a network's file system can share too."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {path.parent}")
        _check_journal(path)
        return optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"--storage {path}: {reason(error)}; {HOW}") from None


def _check_journal(path: Path) -> None:
    """ValueError where a file is something else, which Optuna would add its lines to; OSError where
    it is no plain file.
    """
    check_plain(path)
    if not path.exists() or path.stat().st_size == 0:
        return
    with open_plain(path) as file:
        if not file.read(9).startswith(b'{"op_code'):
            raise ValueError("it is a file of another kind, and is left as it is")


def shown(given: str) -> str:
    """A storage as messages name it: without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    if "://" not in given:
        return given
    try:
        return make_url(given).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):
        return given.rpartition("@")[2] if "@" in given else given


def reason(error: BaseException) -> str:
    """The innermost cause in one line: what the database, not who called it, says."""
    cause = error
    while (inner := cause.__cause__ or getattr(cause, "orig", None)) is not None:
        cause = inner
    words = " ".join(str(cause).split()) or type(cause).__name__
    return words.rstrip(".;")[:200]
