"""Laws that hold for all inputs: of the AUC, of percentiles, of frames."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeassay.stats import class_aucs, percentile_upper
from edgeassay.worker import protocol

labels_and_scores = st.integers(4, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int8, (n, 1), elements=st.integers(0, 1)),
        hnp.arrays(np.float32, (n, 1), elements=st.integers(-20, 20).map(float)),
    )
)


@given(labels_and_scores)
def test_the_auc_sees_ranks_only_and_is_fair(
    drawn: tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]],
) -> None:
    labels, scores = drawn
    assume(0 < labels.sum() < len(labels))
    auc = class_aucs(labels, scores)[0]
    assert 0.0 <= auc <= 1.0
    assert class_aucs(labels, np.exp(scores / 8))[0] == auc
    assert abs(class_aucs(labels, -scores)[0] - (1 - auc)) < 1e-12
    assert abs(class_aucs(1 - labels, scores)[0] - (1 - auc)) < 1e-12


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
