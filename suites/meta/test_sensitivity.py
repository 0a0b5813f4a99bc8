"""The sensitivity of layers: its measure against other formulas, its order, its words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from edgeassay.errors import ConfigError, DataError
from edgeassay.progress import silent
from edgeassay.sensitivity import LayerSensitivity, measure, order
from edgeassay.sensitivity.chart import draw
from edgeassay.sensitivity.showing import document, show
from edgeassay.sensitivity.study import Study, heading, left_out, notes
from edgeassay.spec import Kind, Limit, Measurement, Role
from edgeassay.stats.snr import snr_db
from edgeassay.tflite_file import read_graph
from edgeassay.tflite_weights import read_weights
from edgeassay.trials import Trials
from suites.meta.tinymodels import Graph, brightness, operator, write_classifier, write_model

SIGNALS = arrays(np.float64, (3, 4), elements=st.floats(-100, 100, width=32))


@settings(deadline=None, max_examples=50)
@given(SIGNALS, SIGNALS)
def test_a_ratio_is_that_of_norms(signal: npt.NDArray[Any], noise: npt.NDArray[Any]) -> None:
    power, lost = np.linalg.norm(signal), np.linalg.norm((signal + noise) - signal)
    assume(power > 1e-6 and lost > 1e-6)
    expected = 20.0 * (math.log10(power) - math.log10(lost))
    assert snr_db(signal, signal + noise) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(SIGNALS, SIGNALS, st.floats(1e-12, 1e12))
def test_a_ratio_knows_no_scale(
    signal: npt.NDArray[Any], other: npt.NDArray[Any], scale: float
) -> None:
    plain, scaled = snr_db(signal, other), snr_db(signal * scale, other * scale)
    assert scaled == (plain if math.isinf(plain) else pytest.approx(plain, abs=1e-3))


@settings(deadline=None, max_examples=50)
@given(SIGNALS)
def test_nothing_lost_is_infinite(signal: npt.NDArray[Any]) -> None:
    assert snr_db(signal, signal.copy()) == math.inf


def test_noise_alone_is_minus_infinite() -> None:
    assert snr_db(np.zeros(3), np.ones(3)) == -math.inf


def test_other_images_are_no_noise() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        snr_db(np.ones((2, 1)), np.ones((1, 2)))


def write_dense(path: Path, stored: npt.NDArray[np.int8], kind: int, scale: list[float]) -> None:
    """A dense layer of 2 x 3 weights, whose bytes these are."""
    graph, kinds = Graph(), schema.TensorType
    taken = graph.tensor("x", [1, 3], kinds.FLOAT32)
    weights = graph.tensor("w", [2, 3], kind, stored)
    quantized = schema.QuantizationParametersT()
    quantized.scale, quantized.zeroPoint = scale, [0] * len(scale)
    quantized.quantizedDimension = 0
    graph.tensors[weights].quantization = quantized
    given = graph.tensor("y", [1, 2], kinds.FLOAT32)
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, [taken], [given]
    subgraph.operators = [operator(0, [taken, weights], [given])]
    write_model(path, graph, subgraph, ((schema.BuiltinOperator.FULLY_CONNECTED, 1),))


def test_each_channel_has_its_own_scale(tmp_path: Path) -> None:
    stored = np.array([1, -2, 3, 4, 5, -128], np.int8)
    write_dense(tmp_path / "d.tflite", stored, schema.TensorType.INT8, [0.5, 2.0])
    (found,) = read_weights(tmp_path / "d.tflite", [0])
    assert found.type == "INT8"
    assert found.values.tolist() == [[0.5, -1.0, 1.5], [8.0, 10.0, -256.0]]


def test_two_weights_of_4_bits_lie_in_a_byte_the_lower_first(tmp_path: Path) -> None:
    stored = np.array([0x21, 0x8F, 0x70], np.uint8).view(np.int8)
    write_dense(tmp_path / "d.tflite", stored, schema.TensorType.INT4, [1.0])
    (found,) = read_weights(tmp_path / "d.tflite", [0])
    assert found.type == "INT4"
    assert found.values.tolist() == [[1.0, 2.0, -1.0], [-8.0, 0.0, 7.0]]


def test_float_weights_are_as_they_were_written(tmp_path: Path) -> None:
    weights, bias = brightness(2)
    write_classifier(tmp_path / "c.tflite", weights, bias)
    (found,) = read_weights(tmp_path / "c.tflite", [0])
    assert (found.type, found.values.tolist()) == ("FLOAT32", weights.tolist())


def found(place: int, snr: float | None, precision: str = "int8", **more: Any) -> LayerSensitivity:
    return LayerSensitivity(
        layer=f"layer-{place}",
        place=place,
        kind="CONV_2D",
        weights=10,
        macs=100,
        precision=precision,
        snr_db=snr,
        **{"saved_bytes": 10, **more},
    )


def test_the_least_sensitive_comes_first_and_the_unmeasured_not_at_all() -> None:
    every = [found(0, 20.0), found(1, None, reason="no"), found(2, math.inf), found(3, 20.0)]
    every += [found(0, 5.0, "w4"), found(1, -3.0, "w4")]
    assert [one.place for one in order(every, "int8")] == [2, 0, 3]
    assert [one.snr_db for one in order(every)] == [math.inf, 20.0, 20.0, 5.0, -3.0]


def study(*every: LayerSensitivity, limit: float | None = 0.01) -> Study:
    return Study(
        model="tiny",
        runtime="litert",
        device="bench",
        kind=Kind.MEASURED,
        images=40,
        split_images=100,
        calibration_images=8,
        float_bytes=1000,
        float_sha256="0" * 64,
        auc=None,
        limit=None if limit is None else Limit(value=limit, source="model.toml:limits"),
        found=every,
        reused=0,
    )


def drop(value: float) -> Measurement:
    return Measurement(value=value, unit="AUC", n=40, low=value - 0.01, high=value + 0.01)


def test_reasons_that_are_alike_are_told_once() -> None:
    every = [found(k, None, "w4", reason=f"tiny/w4-{k:03d}: refused") for k in range(3)]
    told = study(*every, found(3, None, "w4", reason="no form"), found(4, 9.0, "w4"))
    assert left_out(told, "w4") == [
        "3 not measured: tiny/w4: refused",
        "1 not measured: no form",
    ]
    assert heading(told, "w4").startswith(
        "w4: 1 of 5 layers; median 9.0 dB, least 9.0 dB (layer-4)"
    )


def test_only_what_is_beyond_the_limit_is_marked() -> None:
    within, beyond = found(0, 9.0, auc_drop=drop(0.01)), found(1, 8.0, auc_drop=drop(0.0101))
    told = study(within, beyond)
    assert [told.is_beyond(one) for one in told.found] == [False, True]
    assert any(line.startswith("* drops by more than 0.01") for line in notes(told))
    assert not any(line.startswith("*") for line in notes(study(within)))
    assert not study(beyond, limit=None).is_beyond(beyond)


def test_a_row_has_80_columns_however_long_a_name_is() -> None:
    name = "block_1_" + 40 * "x" + "_expand_relu"
    wide = found(0, -10.5, weight_snr_db=-12.3, auc_drop=drop(-0.1234), saved_bytes=12_345_678)
    text = StringIO()
    show(study(replace(wide, layer=name)), Console(file=text, width=80))
    rows = [line for line in text.getvalue().splitlines() if line.endswith("12,345,678 ")]
    assert len(rows) == 1
    assert len(rows[0]) <= 80
    assert "_relu" in rows[0]


def machine() -> Any:
    from edgeassay.machine import this_machine

    return this_machine()


def test_json_has_no_infinity_and_says_what_it_means() -> None:
    every = (found(0, math.inf, auc_drop=drop(0.0)), found(1, None, reason="no"), found(2, 3.5))
    layers = document(study(*every), machine())["layers"]
    shown = [(one["snr_db"], one["identical"], one["reason"]) for one in layers]
    assert shown == [(None, True, None), (None, False, "no"), (3.5, False, None)]


def test_a_picture_has_a_mark_for_each_and_a_cross_for_what_is_not_known() -> None:
    every = (
        found(0, 30.0, auc_drop=drop(0.02)),
        found(1, None, reason="no <form>"),
        found(2, 50.0),
    )
    picture = draw(study(*every))
    assert picture.count("<circle") == 2 + 1 + 1  # marks, the ring, the legend's
    assert picture.count("m-6 0l6 -6") == 1
    assert "no &lt;form&gt;" in picture
    assert "ringed" in picture
    assert "ringed" not in draw(study(found(0, 30.0)))


def fake(**parts: Any) -> Trials:
    return cast(Trials, SimpleNamespace(**parts))


def test_an_unknown_precision_is_named_with_the_known() -> None:
    with pytest.raises(ConfigError, match=r"--precision int9: unknown precision.*int8") as told:
        measure(fake(), ["int8", "int9"], silent)
    assert "float" not in str(told.value)


def layered(tmp_path: Path, data: object, splits: Mapping[Role, object] | None = None) -> Trials:
    write_classifier(tmp_path / "c.tflite", *brightness())
    dataset = SimpleNamespace(splits=splits or {}, where="data/spots")
    return fake(
        graph=read_graph(tmp_path / "c.tflite"),
        declared=SimpleNamespace(file="models/tiny/model.toml", data=data),
        rig=SimpleNamespace(dataset=lambda _: dataset),
    )


def test_a_network_without_layers_is_a_sentence() -> None:
    graph, declared = SimpleNamespace(layers=()), SimpleNamespace(file="models/tiny/model.toml")
    with pytest.raises(ConfigError, match=r"model\.toml: the network has no layer with weights"):
        measure(fake(graph=graph, declared=declared), ["w8"], silent)


def test_a_model_without_data_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.toml has no \[data\].*declare it"):
        measure(layered(tmp_path, None), ["w8"], silent)


def test_data_without_a_validation_split_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no validation split.*declare it under \[data.splits\]"):
        measure(layered(tmp_path, "spots", {Role.EVALUATION: 1}), ["w8"], silent)
