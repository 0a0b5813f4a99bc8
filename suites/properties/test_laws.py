"""Laws that hold for all inputs: of percentiles, of frames."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeassay.stats import percentile_upper
from edgeassay.worker import protocol


@given(hnp.arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 1e9)), st.floats(0.01, 1))
def test_a_percentile_is_observed_and_enough_values_lie_at_or_below_it(
    values: npt.NDArray[np.float64], share: float
) -> None:
    found = percentile_upper(values, share)
    assert found in values
    assert (values <= found).mean() >= share - 1e-9


tensors = st.lists(
    hnp.arrays(
        st.sampled_from([np.int8, np.uint8, np.int64, np.float16, np.float32]),
        hnp.array_shapes(min_dims=0, max_dims=5, max_side=4),
    ),
    max_size=3,
)
headers = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key != "tensors"),
    st.one_of(st.none(), st.integers(-(2**53), 2**53), st.text(max_size=20)),
    max_size=4,
)


@given(headers, tensors)
def test_a_frame_says_what_was_written(
    header: dict[str, object], given_tensors: list[npt.NDArray[np.float32]]
) -> None:
    stream = io.BytesIO()
    protocol.write_frame(stream, header, given_tensors)
    stream.seek(0)
    frame = protocol.read_frame(stream)
    assert frame is not None
    assert frame[0] == header
    for wanted, found in zip(given_tensors, frame[1], strict=True):
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        assert found.tobytes() == wanted.tobytes()
    assert protocol.read_frame(stream) is None


@given(st.binary(max_size=64))
def test_no_bytes_make_reading_a_frame_do_worse_than_refuse(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        frame = protocol.read_frame(stream)
    except protocol.ProtocolError:
        return
    assert (frame is None) == (data == b"")
