"""The shapes of the TOML files, and what is said of one that hasn't its shape."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from edgeassay.config.catalogue import options_of
from edgeassay.config.cpu_words import CPU_VALUES, CpuWords, plain_cpu_words
from edgeassay.config.toml import read_toml
from edgeassay.errors import ConfigError
from edgeassay.spec import (
    Advising,
    Checkup,
    ClaimName,
    DataSource,
    Extent,
    History,
    ImageCsvSource,
    Ladder,
    Match,
    NihSource,
    NpzSource,
    OperatingPoint,
    PhantomSource,
    Preprocess,
    Pruning,
    RandomInputs,
    Reference,
    Role,
    RuntimeSpec,
    Saliency,
    Segmentation,
    Selecting,
    Selftest,
    Statistics,
    Timing,
    Tolerance,
    Training,
    VariantSpec,
    Verdict,
    WorkerSpec,
)

DEFAULTS: Final = Path(__file__).with_name("defaults.toml")
NAME = r"[a-z0-9][a-z0-9._-]*"


class DeviationEntry(CpuWords):
    """One [[deviation]] table."""

    claim: ClaimName
    reason: str = Field(min_length=1)
    expires: date
    verdict: Literal[Verdict.FAIL, Verdict.INCONCLUSIVE] = Verdict.FAIL
    variant: str | None = None
    runtime: str | None = None
    device: str | None = None
    class_name: str | None = Field(default=None, alias="class")


class LimitEntry(CpuWords):
    """One [[limit]] table: a limit for what it names, and for all where it names none. In a device
    profile it names the model too.
    """

    claim: ClaimName
    limit: Any
    rationale: str | None = None
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None
    class_name: str | None = Field(default=None, alias="class")


def _worker(given: Any) -> Any:
    """A command by itself, or the Python of a worker, as a table with a command."""
    if isinstance(given, list):
        return {"command": given}
    if isinstance(given, dict) and isinstance(given.get("python"), str):
        if "command" in given:
            raise ValueError("it has `python` and `command`; leave one")
        return {"command": [given["python"]]} | {k: v for k, v in given.items() if k != "python"}
    if not isinstance(given, dict):
        raise ValueError('it must be a command, such as ["{python}"], or a table with `command`')
    return given


class ModelFile(BaseModel):
    """The shape of a model.toml; `limits` is read by `read_limits`, which knows its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{NAME}$")
    title: str = ""
    weights: str | None = None
    preprocess: Preprocess | None = None
    shape: list[int] | dict[str, list[int]] | None = None
    signature: str | None = Field(default=None, min_length=1)
    data: Annotated[DataSource, Field(discriminator="source")] | None = None
    variants: dict[str, VariantSpec] = Field(min_length=1)
    reference: Reference = Reference()
    random_inputs: RandomInputs = RandomInputs()
    runtimes: dict[str, RuntimeSpec] = Field(min_length=1)
    operating_point: OperatingPoint = OperatingPoint()
    statistics: Statistics
    saliency: Saliency
    segmentation: Segmentation
    limits: dict[str, Any] = Field(default_factory=dict)
    limit: list[LimitEntry] = Field(default_factory=list)
    deviation: list[DeviationEntry] = Field(default_factory=list)


class DeviceFile(BaseModel):
    """The shape of a device profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{NAME}$")
    title: str = ""
    match: Annotated[Match, BeforeValidator(plain_cpu_words)]
    timing: Timing
    tolerance: Tolerance
    evaluation: Extent = Extent()
    architecture: str | None = None
    emulated: bool = False
    runtimes: dict[str, RuntimeSpec] = Field(default_factory=dict)
    workers: dict[str, Annotated[WorkerSpec, BeforeValidator(_worker)]]
    limits: dict[str, Any] = Field(default_factory=dict)
    limit: list[LimitEntry] = Field(default_factory=list)


def nearest(word: str, known: Iterable[str]) -> str:
    """' (did you mean ...?)' or a list of what is known, for the end of a message."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


Shape = TypeVar("Shape", ModelFile, DeviceFile)

# What the tables inside a file are made of; a data source is found by its tag.
TABLES: dict[str, type] = {
    "preprocess": Preprocess,
    "variants": VariantSpec,
    "reference": Reference,
    "random_inputs": RandomInputs,
    "runtimes": RuntimeSpec,
    "operating_point": OperatingPoint,
    "statistics": Statistics,
    "saliency": Saliency,
    "segmentation": Segmentation,
    "deviation": DeviationEntry,
    "limit": LimitEntry,
    "workers": WorkerSpec,
    "match": Match,
    "timing": Timing,
    "tolerance": Tolerance,
    "evaluation": Extent,
}
# Tables inside those.
NESTED: dict[str, type] = {"training": Training, "pruning": Pruning}
# pydantic's names for what can be wrong with a key.
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
SOURCES: dict[str, type] = {
    "phantom": PhantomSource,
    "image-csv": ImageCsvSource,
    "npz": NpzSource,
    "nih-chestxray14": NihSource,
}


def _keys(shape: Any) -> list[str]:
    if issubclass(shape, BaseModel):
        return [f.alias or name for name, f in shape.model_fields.items()]
    return [f.name for f in fields(shape)]


def explain(shape: type, error: ValidationError, where: str) -> str:
    """One thing wrong, as a sentence naming file, key and remedy.

    A misspelt key is also a missing one: what is unknown explains more than what is missing.
    """
    first = min(error.errors(), key=lambda e: (e["type"] not in UNKNOWN, e["type"] in MISSING))
    steps = [str(step) for step in first["loc"]]
    tag = next((SOURCES[step] for step in steps if step in SOURCES), None)
    key = ".".join(step for step in steps if step not in SOURCES)
    if first["type"] in UNKNOWN:
        table = shape if len(steps) == 1 else NESTED.get(steps[-2]) or tag or TABLES[steps[0]]
        return f"{where}: unknown key {key!r}; {nearest(steps[-1], _keys(table))}"
    if steps[-1] == "[key]":
        return f"{where}: unknown key '{key.removesuffix('.[key]')}'; {nearest(steps[-2], Role)}"
    if first["type"] in MISSING:
        return f"{where}: the key {key!r} is missing; add it"
    if first["type"].startswith("union_tag"):
        return f"{where}: {key}.source must be one of {', '.join(SOURCES)}; {first['msg']}"
    words = first["msg"]
    if first["type"] == "tuple_type":
        words = "it must be several values in brackets, such as [224, 224]"
    words = next((CPU_VALUES[step] for step in steps if step in CPU_VALUES), words)
    return f"{where}: {key} = {first['input']!r} is not valid: {words}"


@cache
def defaults() -> Mapping[str, Any]:
    """What holds where a file says nothing else; not to be changed."""
    return read_toml(DEFAULTS, str(DEFAULTS))


def default_statistics() -> Statistics:
    """How much evidence a verdict needs where no file says so."""
    return TypeAdapter(Statistics).validate_python(defaults()["statistics"])


def default_segmentation() -> Segmentation:
    """What a segmentation network's outputs mean where no file says so."""
    return TypeAdapter(Segmentation).validate_python(defaults()["segmentation"])


def default_judging() -> float:
    """The margin of `edgeassay judge`."""
    return float(defaults()["judge"]["margin"])


def default_checkup() -> Checkup:
    """What `edgeassay doctor` looks for."""
    return TypeAdapter(Checkup).validate_python(defaults()["doctor"])


def default_advising() -> Advising:
    """The numbers by which `edgeassay advise` chooses."""
    return TypeAdapter(Advising).validate_python(defaults()["advise"])


def default_selecting() -> Selecting:
    """The numbers by which a width is selected."""
    return TypeAdapter(Selecting).validate_python(defaults()["select"])


def default_selftest() -> Selftest:
    """How `edgeassay selftest` plants a slowdown."""
    return TypeAdapter(Selftest).validate_python(defaults()["selftest"])


def default_ladder() -> Ladder:
    """The networks and the timing of `edgeassay break-even`."""
    return TypeAdapter(Ladder).validate_python(defaults()["break_even"])


def default_history() -> History:
    """What counts as a change point of `edgeassay history`."""
    return TypeAdapter(History).validate_python(defaults()["history"])


def co_primaries() -> list[tuple[ClaimName, ...]]:
    """What must hold together where a file names no claims, for each task."""
    tables = (defaults()["statistics"], defaults()["segmentation_statistics"])
    return [tuple(ClaimName(name) for name in table["co_primary"]) for table in tables]


def _common(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """What holds where these tables say nothing else: of what is segmented, other claims."""
    data, common = tables.get("data"), defaults()
    if not isinstance(data, dict) or not data.get("masks"):
        return common
    return {
        **common,
        "statistics": {**common["statistics"], **common["segmentation_statistics"]},
    }


def read_file(path: Path, where: str, shape: type[Shape]) -> Shape:
    """The file in its shape; ConfigError, naming it as `where`, says what isn't."""
    tables = read_toml(path, where)
    common = _common(tables)
    for name in shape.model_fields.keys() & common.keys():
        if isinstance(given := tables.get(name, {}), dict):
            tables[name] = {**common[name], **given}
    runtimes = tables.get("runtimes", {})
    for name, given in runtimes.items() if isinstance(runtimes, dict) else ():
        if isinstance(given, dict):
            runtimes[name] = {**options_of(name), **given}
    try:
        return shape.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(explain(shape, error, where)) from None
