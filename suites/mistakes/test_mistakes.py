"""Every mistake of the table: one sentence, the right exit code, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from suites.meta.project import Project
from suites.mistakes import artifacts, data, declarations, places
from suites.mistakes.mistake import (
    Mistake,
    check_nothing_half_done,
    check_results,
    check_sentence,
    require_mounts,
    run,
    tree,
)

TABLE = (*declarations.MISTAKES, *data.MISTAKES, *artifacts.MISTAKES, *places.MISTAKES)


def test_the_table_is_long_and_no_row_stands_for_another() -> None:
    assert len(TABLE) >= 65
    assert len({mistake.id for mistake in TABLE}) == len(TABLE)


@pytest.mark.parametrize("mistake", [pytest.param(m, id=m.id) for m in TABLE])
def test_a_mistake_is_a_sentence_and_leaves_nothing(mistake: Mistake, tmp_path: Path) -> None:
    if mistake.place is not None:
        require_mounts()
    if mistake.needs is not None:
        pytest.importorskip(mistake.needs, reason="the converters need the [build] extra")
    project = Project(tmp_path)
    project.write()
    mistake.broken(project)
    before = tree(tmp_path)
    end = run(mistake, project)
    check_sentence(mistake, end)
    before.setdefault("place", "no file")
    check_nothing_half_done(before, project)
    check_results(mistake, project)
