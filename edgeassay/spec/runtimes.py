"""Runtimes, the engines that adapt them, and what starts a worker for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from edgeassay.spec.claims import Kind
from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class EngineTraits:
    """What an adapter of the worker is about.

    `environment` is what it is installed in, where nothing else is said; `suffix` that of the
    artifacts it takes. Where it is `kind` estimated, nothing is executed. `timed` is False where
    its times say nothing of the device that it stands for. `accelerators` are what it can be told
    to use, `targets` what it compiles for. With `signatures` it can run any graph of a file that a
    signature names, else the main graph alone.
    """

    environment: str
    suffix: str = ".tflite"
    kind: Kind = Kind.MEASURED
    timed: bool = True
    accelerators: tuple[str, ...] = ("cpu",)
    targets: tuple[str, ...] = ()
    signatures: bool = True

    @property
    def executes(self) -> bool:
        """Whether outputs come of it."""
        return self.kind is not Kind.ESTIMATED


ETHOS_U: Final = (
    *(f"ethos-u55-{macs}" for macs in (32, 64, 128, 256)),
    *(f"ethos-u65-{macs}" for macs in (256, 512)),
    *(f"ethos-u85-{macs}" for macs in (128, 256, 512, 1024, 2048)),
)

ENGINES: Final[Mapping[str, EngineTraits]] = {
    "litert": EngineTraits(environment="litert"),
    "litert-compiled": EngineTraits(environment="litert", accelerators=("cpu", "gpu")),
    "tflite-runtime": EngineTraits(environment="tflite-runtime"),
    "tensorflow": EngineTraits(environment="tensorflow"),
    "onnxruntime": EngineTraits(environment="onnxruntime", suffix=".onnx", signatures=False),
    "tflite-micro": EngineTraits(environment="tflite-micro", timed=False, signatures=False),
    "ethos-u": EngineTraits(
        environment="ethos-u", kind=Kind.ESTIMATED, targets=ETHOS_U, signatures=False
    ),
    "edgetpu": EngineTraits(environment="edgetpu", kind=Kind.ESTIMATED, signatures=False),
}


# What an artifact's name may end in, and the engine that usually executes such a file.
FORMATS: Final[Mapping[str, str]] = {".tflite": "litert", ".onnx": "onnxruntime"}


@dataclass(frozen=True, kw_only=True)
class RuntimeSpec:
    """What executes an artifact, with its options; `engine` names the worker's adapter, and
    `environment` what it is installed in, where that isn't the engine's usual one. A compiler's
    `target` is the accelerator, `system` and `memory` the names by which it knows what is around
    it, where they aren't its usual ones.
    """

    __pydantic_config__ = STRICT
    engine: str = "litert"
    environment: str | None = None
    threads: int = 1
    kernels: Literal["xnnpack", "builtin", "reference"] = "xnnpack"
    accelerator: Literal["cpu", "gpu"] = "cpu"
    target: str | None = None
    system: str | None = None
    memory: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it leaves kernels and accelerator as they are by default."""
        return self.kernels == RuntimeSpec.kernels and self.accelerator == RuntimeSpec.accelerator

    @property
    def worker(self) -> str:
        """Which of a device's workers serves it."""
        return self.environment or self.traits.environment

    @property
    def traits(self) -> EngineTraits:
        """What its engine is about."""
        return ENGINES[self.engine]


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """What a runtime is installed in: `requires` is what pip is told. Where wheels are limited,
    `python` has the first and last version of CPython that they exist for, and `architectures` the
    machines.
    """

    __pydantic_config__ = STRICT
    about: str
    requires: tuple[str, ...]
    python: tuple[str, str] | None = None
    architectures: tuple[str, ...] = ()


# What a worker's command may have in it: the Python that runs the suite; that of the environment of
# the worker's name; the folder of the architecture's emulator.
OWN: Final = "{python}"
ENVIRONMENT: Final = "{environment}"
EMULATOR: Final = "{emulator}"


@dataclass(frozen=True, kw_only=True)
class WorkerSpec:
    """What starts a worker on a device: a command, to which the worker's folder is appended.

    `{python}` in it is the Python that runs the suite, `{environment}` that of the environment of
    the same name which `edgeassay runtimes --install` makes. Where `folder` is given, the worker
    is on another machine: it, artifacts and inputs are copied below that folder there.
    """

    __pydantic_config__ = STRICT
    command: tuple[str, ...]
    folder: str | None = None

    @property
    def is_environment(self) -> bool:
        """Whether it is the Python of an environment that `edgeassay runtimes` installs."""
        return self.names(ENVIRONMENT)

    def names(self, placeholder: str) -> bool:
        """Whether its command has a placeholder in it."""
        return any(placeholder in word for word in self.command)

    @property
    def is_own(self) -> bool:
        """Whether it is this very Python, on this machine."""
        return self.command == (OWN,) and self.folder is None
