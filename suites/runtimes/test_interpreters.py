"""Older and other Interpreters work as LiteRT's own does, where their environments are installed:
`edgeassay runtimes --install litert-1.4 litert-2.1 tflite-runtime tensorflow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.build import build
from edgeassay.config import catalogue, environment_specs, load_device
from edgeassay.devices import start_worker
from edgeassay.environments import python_of
from edgeassay.errors import Absent, ArtifactError
from edgeassay.progress import silent
from edgeassay.runtimes.probe import PROBE, State, probe_inputs, try_runtime
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import Tensor, Worker
from suites.meta.many_graphs import WIDTH, write_graphs
from suites.meta.odd_models import write_stateful
from suites.meta.project import ROOT
from suites.meta.tinymodels import SIDE, brightness, write_classifier

NAMES = ("litert-1.4", "litert-2.1", "tflite-runtime", "tensorflow")


@pytest.fixture(scope="module")
def device() -> DeviceSpec:
    return load_device(ROOT / "fixtures/devices/host.toml", ROOT)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return there(request.param)


def there(name: str) -> str:
    """A runtime whose environment is installed; else the test is skipped, with what installs it."""
    try:
        python_of(name)
    except Absent as error:
        pytest.skip(str(error))
    return name


@contextmanager
def started(device: DeviceSpec, runtime: RuntimeSpec) -> Iterator[Worker]:
    with start_worker(device, runtime, label="tiny") as worker:
        yield worker


def outputs(device: DeviceSpec, runtime: RuntimeSpec, path: Path, rows: Tensor) -> Tensor:
    with started(device, runtime) as worker:
        (scores,) = worker.run(worker.load(path, runtime, "a", "tiny"), [rows])
    return scores


def test_it_works_and_is_of_the_version_that_is_declared(device: DeviceSpec, name: str) -> None:
    state = try_runtime(device, name, catalogue()[name], 60.0)
    assert state.state is State.WORKS, state
    pinned = [text.partition(";")[0] for text in environment_specs()[name].requires]
    assert f"=={state.facts['runtime_version']}" in " ".join(pinned)


def test_it_tells_what_a_delegate_took(device: DeviceSpec, name: str) -> None:
    """Both nodes with XNNPACK, and none where it isn't asked for."""
    runtimes = [replace(catalogue()[name], kernels=k) for k in ("xnnpack", "builtin", "reference")]
    for runtime, taken in zip(runtimes, (2, 0, 0), strict=True):
        with started(device, runtime) as worker:
            facts = worker.load(PROBE, runtime, "a", "tiny").facts
        assert (facts["nodes"], facts["delegated"]) == (2, taken), runtime
        assert facts["left"] == ([] if taken else ["FULLY_CONNECTED", "LOGISTIC"])


def test_its_integers_are_litert_s_within_one_step(
    device: DeviceSpec, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "int8.tflite"
    write_classifier(path, *brightness(), int8=True)
    rows = np.random.default_rng(7).integers(-128, 128, (16, 1, 8, 8, 1)).astype(np.int8)
    theirs = outputs(device, catalogue()[name], path, rows)
    ours = outputs(device, catalogue()["litert"], path, rows)
    assert theirs.dtype == ours.dtype == np.int8
    assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= 1
    assert len(np.unique(ours)) > 4


def test_it_begins_anew_with_every_row(device: DeviceSpec, name: str, tmp_path: Path) -> None:
    write_stateful(tmp_path / "stateful.tflite")
    rows = np.random.default_rng(7).uniform(size=(6, 1, SIDE, SIDE, 1)).astype(np.float32)
    given = outputs(device, catalogue()[name], tmp_path / "stateful.tflite", rows)
    assert np.allclose(given.ravel(), 0.5 * rows.mean(axis=(1, 2, 3, 4)), atol=1e-6)


def test_its_threads_and_float_outputs_are_right(device: DeviceSpec, name: str) -> None:
    given = outputs(device, replace(catalogue()[name], threads=2), PROBE, probe_inputs())
    ours = outputs(device, catalogue()["litert"], PROBE, probe_inputs())
    assert np.allclose(given, ours, atol=1e-6)


def test_a_scale_for_each_output_is_refused_by_the_oldest_and_one_for_all_is_not(
    device: DeviceSpec, tmp_path: Path
) -> None:
    pytest.importorskip("tensorflow", reason="the converters need the [build] extra")
    from suites.build.test_build import OPEN, make_model, with_one_scale

    runtime = catalogue()[there("tflite-runtime")]
    model = with_one_scale(make_model(tmp_path, "wide"))
    made = build(model, model.variants, cache=tmp_path, open_data=OPEN, report=silent).artifacts
    with started(device, runtime) as worker:
        with pytest.raises(ArtifactError, match="FULLY_CONNECTED' version '12'"):
            worker.load(made["drq"].path, runtime, "a", "small/drq")
        old = worker.load(made["old"].path, runtime, "b", "small/old")
        (scores,) = worker.run(old, [np.zeros((1, 1, 16, 16, 1), np.float32)])
    assert np.isfinite(scores).all()


def test_it_runs_the_graph_that_a_signature_names(
    device: DeviceSpec, name: str, tmp_path: Path
) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"b": 1, "a": 0})
    rows = np.random.default_rng(5).uniform(size=(3, 1, WIDTH)).astype(np.float32)
    runtime = catalogue()[name]
    with started(device, runtime) as worker:
        for signature, factor in ((None, 2), ("a", 2), ("b", 3)):
            loaded = worker.load(path, runtime, "a", "tiny", signature=signature)
            (made,) = worker.run(loaded, [rows])
            assert np.allclose(made, rows * factor), signature
