"""Which artifacts of BASE and HEAD are compared, and by which runtimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeassay.ab.sides import FILE, Origin
from edgeassay.artifacts import Artifact
from edgeassay.config import catalogue, choose
from edgeassay.errors import ConfigError
from edgeassay.spec import Case, ModelSpec, RandomInputs, RuntimeSpec


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
    def run_otherwise(self) -> str:
        """What BASE and HEAD declare differently of how it is run, in words."""
        sides = (vars(self.base_spec), vars(self.head_spec))
        told = [f"{k} {v} -> {sides[1][k]}" for k, v in sides[0].items() if v != sides[1][k]]
        return ", ".join(told)

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
    contests: list[Contest] = []
    missing = ["/".join(key) for key in base_of if key not in head_of]
    new = ["/".join(key) for key in head_of if key not in base_of]
    for key in [key for key in base_of if key in head_of]:
        declared = (_declared(base, key[0], ways), _declared(head, key[0], ways))
        contests += _contests(key, (base_of[key], head_of[key]), declared, ways)
        if not (ways.both or ways.base or ways.head):
            name = "/".join(key)
            missing += [f"{name} on {one}" for one in declared[0] if one not in declared[1]]
            new += [f"{name} on {one}" for one in declared[1] if one not in declared[0]]
    return Matched(contests=contests, missing=missing, new=new)


def _declared(side: Origin, model: str, ways: Ways) -> Mapping[str, RuntimeSpec]:
    """The runtimes of a model as that side declares it, or else this project."""
    spec = side.models.get(model, ways.models.get(model))
    return {"litert": catalogue()["litert"]} if spec is None else spec.runtimes


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


def _contests(
    key: tuple[str, str],
    artifacts: tuple[Artifact, Artifact],
    declared: tuple[Mapping[str, RuntimeSpec], Mapping[str, RuntimeSpec]],
    ways: Ways,
) -> list[Contest]:
    """The case on each runtime that both sides declare, or on those that were asked for."""
    model, (base, head) = ways.models.get(key[0]), artifacts
    base_has, head_has = ({**catalogue(), **known} for known in declared)
    for name, known in ((ways.base or ways.both, base_has), (ways.head or ways.both, head_has)):
        if name is not None:
            choose("runtime", [name], known)
    if ways.base or ways.head:
        usual = [ways.both or next(iter(known)) for known in declared]
        pairs = [(ways.base or usual[0], ways.head or usual[1])]
    elif ways.both:
        pairs = [(ways.both, ways.both)]
    else:
        pairs = [(name, name) for name in declared[0] if name in declared[1]]
    named = (head.model, "file") if key == FILE else key
    return [
        Contest(
            case=Case(model=named[0], variant=named[1], runtime=second, device=ways.device),
            base=base,
            head=head,
            base_runtime=first,
            head_runtime=second,
            base_spec=base_has[first],
            head_spec=head_has[second],
            random_inputs=RandomInputs() if model is None else model.random_inputs,
        )
        for first, second in pairs
    ]
