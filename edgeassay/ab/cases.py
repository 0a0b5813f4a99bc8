"""Which artifacts of BASE and HEAD are compared, and by which runtimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.ab.sides import FILE, Origin
from edgeassay.artifacts import Artifact
from edgeassay.config import choose
from edgeassay.errors import ConfigError
from edgeassay.spec import Case, ModelSpec, RandomInputs, RuntimeSpec

# What an artifact runs on that no model.toml speaks of.
PLAIN: Final[Mapping[str, RuntimeSpec]] = {
    "litert": RuntimeSpec(),
    "litert-builtin": RuntimeSpec(kernels="builtin"),
    "litert-reference": RuntimeSpec(kernels="reference"),
}


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How artifacts are run: by the runtimes of their `models`, or by those that were asked for:
    `both` sides' or each side's own, by their ids; on a device, by its id.
    """

    models: Mapping[str, ModelSpec]
    device: str
    both: str | None = None
    base: str | None = None
    head: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One case with both of its sides."""

    case: Case
    base: Artifact
    head: Artifact
    base_runtime: str
    head_runtime: str
    base_spec: RuntimeSpec
    head_spec: RuntimeSpec
    random_inputs: RandomInputs

    @property
    def name(self) -> str:
        """How tables name it."""
        if self.base_runtime == self.head_runtime:
            return self.case.id
        return f"{self.case.model}-{self.case.variant}-{self.base_runtime}:{self.head_runtime}"

    @property
    def unchanged(self) -> bool:
        """Whether both sides are the same bytes, run in the same way."""
        return self.base.sha256 == self.head.sha256 and self.base_spec == self.head_spec


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The cases that both sides have, and the names of those that one side alone has."""

    contests: Sequence[Contest]
    missing: Sequence[str]
    new: Sequence[str]


def match(base: Origin, head: Origin, ways: Ways) -> Matched:
    """What is compared with what. A .tflite is compared with another, or with the only artifact
    that a folder was narrowed down to; ConfigError where it isn't the only one.
    """
    base_of, head_of = _together(base, head)
    contests = [
        contest
        for key in base_of
        if key in head_of
        for contest in _contests(key, base_of[key], head_of[key], ways)
    ]
    return Matched(
        contests=contests,
        missing=["/".join(key) for key in base_of if key not in head_of],
        new=["/".join(key) for key in head_of if key not in base_of],
    )


Artifacts = Mapping[tuple[str, str], Artifact]


def _together(base: Origin, head: Origin) -> tuple[Artifacts, Artifacts]:
    """Both sides' artifacts under the same keys."""
    sides = (base, head)
    if FILE not in {key for side in sides for key in side.artifacts}:
        return base.artifacts, head.artifacts
    keys = [next(iter(side.artifacts)) for side in sides]
    for side in sides:
        if len(side.artifacts) != 1:
            raise ConfigError(
                f"{side.title} has {len(side.artifacts)} artifacts, and the other side is one file;"
                " say which with --model and --variant"
            )
    key = keys[0] if keys[1] == FILE else keys[1]
    base_of, head_of = ({key: next(iter(side.artifacts.values()))} for side in sides)
    return base_of, head_of


def _contests(key: tuple[str, str], base: Artifact, head: Artifact, ways: Ways) -> list[Contest]:
    """The case on each runtime that it has, or on those that were asked for."""
    model = ways.models.get(key[0])
    known = {"litert": PLAIN["litert"]} if model is None else model.runtimes
    everything = {**PLAIN, **known}
    for name in filter(None, (ways.both, ways.base, ways.head)):
        choose("runtime", [name], everything)
    if ways.base or ways.head:
        usual = ways.both or next(iter(known))
        pairs = [(ways.base or usual, ways.head or usual)]
    else:
        pairs = [(name, name) for name in ([ways.both] if ways.both else known)]
    named = (head.model, "file") if key == FILE else key
    return [
        Contest(
            case=Case(model=named[0], variant=named[1], runtime=second, device=ways.device),
            base=base,
            head=head,
            base_runtime=first,
            head_runtime=second,
            base_spec=everything[first],
            head_spec=everything[second],
            random_inputs=RandomInputs() if model is None else model.random_inputs,
        )
        for first, second in pairs
    ]
