"""The same evaluation on a dask cluster: a scheduler and two workers in processes of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgeassay.artifacts import read_artifact
from edgeassay.datasets import Split, open_dataset
from edgeassay.errors import ConfigError, DataError, MeasurementError
from edgeassay.measure import cluster
from edgeassay.measure.accuracy import Inputs, LocalRunner, Outputs
from edgeassay.measure.cluster import ClusterRunner, connect, parse_address
from edgeassay.measure.shards import Shard, shards_of
from edgeassay.spec import ImageCsvSource, PhantomSource, Preprocess, Role, RuntimeSpec
from edgeassay.workers import Loaded, Worker
from suites.meta.project import Project, write_spots
from suites.meta.tinymodels import SIDE, brightness, write_classifier

distributed = pytest.importorskip("distributed", reason="the cluster needs the [dask] extra")

PHANTOM = PhantomSource(source="phantom", seed=1, size=16, images={Role.EVALUATION: 1500})
PREPROCESS = Preprocess(color="grey", size=(SIDE, SIDE))


class Cluster:
    """A scheduler and two workers, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = os.environ | {"EDGEASSAY_DATA": ""}
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._address()
        self.workers = [self.add_worker(name) for name in ("one", "two")]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        with (self._folder / f"{words[0]}-{words[-1]}.log").open("wb") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, cwd=self._folder
            )

    def _address(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = (self._folder / "scheduler-0.log").read_text()
            if found := re.search(r"tcp://127\.0\.0\.1:\d+", text):
                return found[0]
            time.sleep(0.1)
        raise AssertionError(text)

    def add_worker(self, name: str) -> subprocess.Popen[bytes]:
        return self._start(
            *("worker", self.address, "--nthreads", "1", "--no-nanny", "--name", name)
        )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    with connect(made.address) as client:
        client.wait_for_workers(2, timeout=60)
    yield made
    made.close()


@pytest.fixture
def runner(running: Cluster, tmp_path: Path) -> ClusterRunner:
    path = tmp_path / "tiny.tflite"
    write_classifier(path, *brightness(3), int8=True)
    with Worker(["{python}"], "litert", label="tiny", timeout_s=20.0) as worker:
        greeting = worker.facts
    return ClusterRunner(
        address=running.address,
        artifact=read_artifact(path, "tiny", "int8"),
        runtime=RuntimeSpec(),
        data=PHANTOM,
        role=Role.EVALUATION,
        data_root=None,
        preprocess=PREPROCESS,
        greeting=greeting,
        check=lambda _: None,
        timeout_s=20.0,
    )


def evaluation_split(runner: ClusterRunner) -> Split:
    return open_dataset(runner.data, runner.data_root).splits[Role.EVALUATION]


def locally(runner: ClusterRunner, shards: Sequence[Shard]) -> dict[int, npt.NDArray[Any]]:
    found: dict[int, npt.NDArray[Any]] = {}
    local = LocalRunner(
        artifact=runner.artifact,
        runtime=runner.runtime,
        inputs=Inputs(split=evaluation_split(runner), settings=PREPROCESS),
        lend_worker=lambda: Worker(["{python}"], "litert", label="tiny", timeout_s=20.0),
        check=runner.check,
        jobs=2,
    )
    local(shards, lambda shard, outputs: found.update({shard.start: outputs.values}))
    return found


@pytest.mark.long
def test_a_lost_worker_costs_nothing_but_time(running: Cluster, runner: ClusterRunner) -> None:
    """One of two workers is killed once the first shard is back: all outputs come, identical to the
    local run's.
    """
    shards = shards_of(evaluation_split(runner))
    found: dict[int, npt.NDArray[Any]] = {}
    threads: list[int] = []

    def keep(shard: Shard, outputs: Outputs) -> None:
        if not found:
            running.workers[0].kill()
        assert shard.start not in found
        found[shard.start] = outputs.values
        threads.append(threading.get_ident())
        assert outputs.worker["host"]

    runner(shards, keep)
    assert running.workers[0].wait() != 0
    running.workers[0] = running.add_worker("three")
    expected = locally(runner, shards)
    assert len(shards) > 20
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[k], expected[k]) for k in expected)
    assert set(threads) == {threading.get_ident()}


def forget(shard: Shard, outputs: Outputs) -> None:
    """Keep nothing."""


def refused(runner: ClusterRunner, shards: Sequence[Shard], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        runner(shards, forget)
    return str(caught.value)


def test_other_images_there_are_refused(runner: ClusterRunner, tmp_path: Path) -> None:
    write_spots(tmp_path / "here" / "spots")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    image = tmp_path / "there/spots/images/006.png"
    image.write_bytes(image.with_name("007.png").read_bytes())
    source = ImageCsvSource(
        source="image-csv", folder="spots", label="finding", positive="bright", patient="patient"
    )
    here = replace(runner, data=source, data_root=tmp_path / "here")
    shards = shards_of(evaluation_split(here))
    there = replace(here, data_root=tmp_path / "there")
    assert "has other images" in refused(there, shards, DataError)
    here(shards, forget)  # and the same cluster goes on serving


def test_another_stack_there_is_refused(
    runner: ClusterRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = replace(cluster.this_stack(), isa=("avx1024",))
    monkeypatch.setattr(cluster, "this_stack", lambda: ours)
    assert "isn't like the machine that asks" in refused(
        runner, shards_of(evaluation_split(runner))[:1], ConfigError
    )


def test_another_runtime_there_is_refused(runner: ClusterRunner) -> None:
    other = replace(runner, greeting=runner.greeting | {"runtime_version": "0.1"})
    words = refused(other, shards_of(evaluation_split(runner))[:1], MeasurementError)
    assert "wouldn't be this device's" in words


def test_an_artifact_that_does_not_fit_is_refused(runner: ClusterRunner) -> None:
    def check(loaded: Loaded) -> None:
        raise MeasurementError(f"{loaded.label} doesn't fit")

    shards = shards_of(evaluation_split(runner))[:1]
    assert "doesn't fit" in refused(replace(runner, check=check), shards, MeasurementError)


def test_nobody_there_is_refused(runner: ClusterRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    nobody = replace(runner, address="tcp://127.0.0.1:9")
    assert "no dask scheduler answers" in refused(nobody, [], ConfigError)


@pytest.mark.parametrize("text", ["127.0.0.1:8786", "dask://", "dask://host", "dask://host:port"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="dask://HOST:PORT"):
        parse_address(text)


def test_a_suite_runs_on_the_cluster(running: Cluster, tmp_path: Path) -> None:
    """As a user would: one option, the same scores, and latency still measured here."""
    project = Project(tmp_path)
    project.write()
    scores = []
    for name, option in (
        ("here", ()),
        ("there", (f"--on={running.address.replace('tcp', 'dask')}",)),
    ):
        folder = tmp_path / name
        outcome = project.run(
            *option, f"--predictions={folder}", "--predict-again", "suites/accuracy"
        )
        assert outcome.code == 0, outcome.text
        assert outcome.named("passed")
        scores.append({p.name: p.read_bytes() for p in folder.glob("*.csv")})
        hosts = {"host" in case["worker"] for case in outcome.results["cases"]}
        assert hosts == {bool(option)}
    assert scores[0] == scores[1]
    assert len(scores[0]) == 2
