"""A saved run is read, or refused by one sentence: whatever is changed in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.errors import DataError
from edgeassay.runs.reading import read_run
from suites.meta.run_files import foreign, ours

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 10**400, 2**63])
    | st.floats()
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container below a value, with each of its keys."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@given(st.data())
def test_whatever_is_changed_it_is_read_or_refused_in_a_sentence(data: st.DataObject) -> None:
    made = json.loads(json.dumps(foreign() if data.draw(st.booleans()) else ours()))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(made))))
        if data.draw(st.booleans()):
            container[key] = data.draw(anything)
        else:
            del container[key]
        if not made:
            break
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        path.write_text(json.dumps(made), encoding="utf-8")
        try:
            run = read_run(path)
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017 - reading it is as good
        else:
            assert run.benchmarks
            for timed in run.benchmarks.values():
                assert np.isfinite(timed.median_s)
                assert timed.median_s > 0.0
                assert all((one > 0.0).all() for one in timed.processes)


@given(st.data())
def test_whatever_bytes_are_changed_it_is_read_or_refused(data: st.DataObject) -> None:
    whole = json.dumps(ours()).encode("utf-8")
    at = data.draw(st.integers(0, len(whole) - 1))
    content = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        path.write_bytes(content)
        try:
            read_run(path)
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017 - reading it is as good
