"""Which artifacts of BASE and HEAD are compared, and by which runtimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edgeassay.ab.sides import AS_GIVEN, FILE, Origin
from edgeassay.ab.signatures import check_signature, uncompared
from edgeassay.artifacts import Artifact
from edgeassay.config import catalogue, choose
from edgeassay.errors import ConfigError
from edgeassay.spec import FORMATS, Case, InputShapes, ModelSpec, RandomInputs, RuntimeSpec
from edgeassay.workers import NO_SHAPES


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How artifacts are run: by the runtimes of their `models`, or by those that were asked for:
    `both` sides' or each side's own, by their ids; on a device, by its id. `shapes` is what their
    inputs are given whose sizes the files leave open, and `signature` names the graph in them that
    is compared; else their model says it.
    """

    models: Mapping[str, ModelSpec]
    device: str
    both: str | None = None
    base: str | None = None
    head: str | None = None
    shapes: InputShapes = field(default_factory=dict)
    signature: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One case with both of its sides; `uncompared` says which graphs of their files aren't
    compared.
    """

    case: Case
    base: Artifact
    head: Artifact
    base_runtime: str
    head_runtime: str
    base_spec: RuntimeSpec
    head_spec: RuntimeSpec
    random_inputs: RandomInputs
    uncompared: str | None = None

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
    """What is compared with what. A file is compared with another, or with the only artifact
    that a folder was narrowed down to; ConfigError where it isn't the only one.
    """
    base_of, head_of = _together(base, head)
    contests: list[Contest] = []
    missing = ["/".join(key) for key in base_of if key not in head_of]
    new = ["/".join(key) for key in head_of if key not in base_of]
    for key in [key for key in base_of if key in head_of]:
        both = (base_of[key], head_of[key])
        declared = (
            _declared(base, key[0], both[0], ways),
            _declared(head, key[0], both[1], ways),
        )
        contests += _contests(key, both, declared, ways)
        if not (ways.both or ways.base or ways.head or _is_other_format(*both)):
            name, first, second = "/".join(key), *_usable(declared, *both)
            missing += [f"{name} on {one}" for one in first if one not in second]
            new += [f"{name} on {one}" for one in second if one not in first]
    asked = dict.fromkeys(filter(None, (ways.both, ways.base, ways.head)))
    if asked and not contests and base_of.keys() & head_of.keys():
        raise ConfigError(
            f"no artifact of both sides is of the format that {' and '.join(asked)} takes; choose"
            " another runtime"
        )
    return Matched(contests=contests, missing=missing, new=new)


def _declared(
    side: Origin, model: str, artifact: Artifact, ways: Ways
) -> Mapping[str, RuntimeSpec]:
    """The runtimes of a model as that side declares it, or else this project; where nobody does,
    what usually executes such a file.
    """
    spec = side.models.get(model, ways.models.get(model))
    usual = FORMATS[artifact.path.suffix]
    return {usual: catalogue()[usual]} if spec is None else spec.runtimes


def _takes(runtime: RuntimeSpec, artifact: Artifact) -> bool:
    return runtime.traits.suffix == artifact.path.suffix


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


Runtimes = Mapping[str, RuntimeSpec]


def _usable(
    declared: tuple[Runtimes, Runtimes], base: Artifact, head: Artifact
) -> tuple[Runtimes, Runtimes]:
    """Of each side's runtimes those that take its artifact."""
    first, second = (
        {name: runtime for name, runtime in known.items() if _takes(runtime, artifact)}
        for known, artifact in zip(declared, (base, head), strict=True)
    )
    return first, second


def _is_other_format(base: Artifact, head: Artifact) -> bool:
    """Whether a file was given to be compared with one that no runtime of its own takes."""
    given = AS_GIVEN in (base.variant, head.variant)
    return given and base.path.suffix != head.path.suffix


def _contests(
    key: tuple[str, str],
    artifacts: tuple[Artifact, Artifact],
    declared: tuple[Mapping[str, RuntimeSpec], Mapping[str, RuntimeSpec]],
    ways: Ways,
) -> list[Contest]:
    """The case on each runtime that both sides declare, or on those that were asked for."""
    model = ways.models.get(key[0])
    base_has, head_has = ({**catalogue(), **known} for known in declared)
    for name, known in ((ways.base or ways.both, base_has), (ways.head or ways.both, head_has)):
        if name is not None:
            choose("runtime", [name], known)
    shapes = ways.shapes or (NO_SHAPES if model is None else model.shapes)
    signature = ways.signature or (None if model is None else model.signature)
    base, head = (replace(a, shapes=shapes, signature=signature) for a in artifacts)
    usable = _usable(declared, base, head)
    if ways.base or ways.head or (not ways.both and _is_other_format(base, head)):
        usual = [
            ways.both or next(iter(known), FORMATS[artifact.path.suffix])
            for known, artifact in zip(usable, artifacts, strict=True)
        ]
        pairs = [(ways.base or usual[0], ways.head or usual[1])]
    elif ways.both:
        pairs = [(ways.both, ways.both)]
    else:
        pairs = [(name, name) for name in usable[0] if name in usable[1]]
    named = (head.model, "file") if key == FILE else key
    if ways.signature is not None:
        check_signature(base, head)
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
            uncompared=uncompared(base, head),
        )
        for first, second in pairs
        if _takes(base_has[first], base) and _takes(head_has[second], head)
    ]
