"""Every mistake of the table: one sentence, the right exit code, and nothing left behind."""

from __future__ import annotations

import re
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from suites.meta.project import Project
from suites.mistakes import (
    artifacts,
    baselines,
    cards,
    compared,
    declarations,
    doctor,
    emulated,
    evidence,
    gates,
    histories,
    images,
    judged,
    judged_options,
    masks,
    matrices,
    options,
    paired,
    places,
    pruning,
    remote,
    runtimes,
    saved,
    tables,
    training,
    widths,
)
from suites.mistakes.mistake import (
    End,
    Mistake,
    check_nothing_half_done,
    check_results,
    check_sentence,
    require_mounts,
    run,
    tree,
)

MODULES = (
    declarations,
    options,
    tables,
    images,
    artifacts,
    places,
    saved,
    judged,
    judged_options,
    paired,
    doctor,
    remote,
    runtimes,
    compared,
    baselines,
    histories,
    emulated,
    evidence,
    matrices,
    training,
    pruning,
    widths,
    masks,
    gates,
    cards,
)
TABLE = tuple(mistake for module in MODULES for mistake in module.MISTAKES)


def drawn() -> frozenset[str]:
    """The ids of a tenth of the rows, always the same ones: some of each module and each tool."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for module in MODULES:
        for mistake in module.MISTAKES:
            if mistake.place is None:
                kinds.setdefault((module.__name__, mistake.command[0]), []).append(mistake.id)
    by_id = (sorted(ids, key=lambda name: zlib.crc32(name.encode())) for ids in kinds.values())
    return frozenset(name for ids in by_id for name in ids[: max(1, len(ids) // 10)])


DRAWN = drawn()
# What differs from run to run: times, and names that a system makes up.
DIFFERENT = re.compile(r"\d+\.\d+ ?s(?:econds)?\b|\bpid \d+|0x[0-9a-f]+|tmp\w{8}")


def broken(mistake: Mistake, folder: Path) -> Project:
    """A fresh project in which the mistake is made."""
    project = Project(folder)
    project.write()
    mistake.broken(project)
    (folder / "place").mkdir()
    return project


def checked(mistake: Mistake, folder: Path, *, afresh: bool) -> End:
    """Make the mistake, and check all that must be true of the end. What it showed, without what
    differs from run to run.
    """
    folder.mkdir()
    project = broken(mistake, folder)
    before = tree(folder)
    end = run(mistake, project, afresh=afresh)
    check_sentence(mistake, end)
    check_nothing_half_done(before, project)
    check_results(mistake, project)
    return End(code=end.code, text=DIFFERENT.sub("...", end.text).replace(str(folder), "FOLDER"))


def test_the_table_is_long_and_no_row_stands_for_another() -> None:
    assert len(TABLE) >= 65
    assert len({mistake.id for mistake in TABLE}) == len(TABLE)


def test_a_tenth_of_the_rows_is_started_as_users_start_it() -> None:
    forked = [mistake for mistake in TABLE if mistake.place is None]
    assert len(forked) / 12 < len(DRAWN) < len(forked) / 6


@pytest.mark.parametrize("mistake", [pytest.param(m, id=m.id) for m in TABLE])
def test_a_mistake_is_a_sentence_and_leaves_nothing(mistake: Mistake, tmp_path: Path) -> None:
    if mistake.place is not None:
        require_mounts()
    if mistake.needs is not None and find_spec(mistake.needs) is None:
        pytest.skip(f"{mistake.needs} isn't installed")
    end = checked(mistake, tmp_path / "a", afresh=mistake.id in DRAWN)
    if mistake.id in DRAWN:
        forked = checked(mistake, tmp_path / "b", afresh=False)
        assert (forked.code, forked.text) == (end.code, end.text)
