"""Limits that were changed together with the model that they judge: who sets both can make anything
pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.evidence_bundle.criteria import TOML, Criterion, split_source
from edgeassay.evidence_bundle.git_history import Commit, History, Sources
from edgeassay.evidence_bundle.toml_lines import Leaf

FILES: Final = ("artifact", "weights", "network")  # keys of a variant that name a file
SHORT: Final = 12


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a model is made of at a commit: files, and the keys of its TOML that say how. Paths are
    from the root of the repository that the TOML lies in.
    """

    history: History
    commit: str
    toml: str
    files: tuple[str, ...]
    settings: Mapping[str, Leaf]

    @classmethod
    def of(
        cls, files: Sources, model: str, sources: Sequence[str], revision: str | None
    ) -> Material | None:
        """Of a model whose limits have these sources; None where its repository isn't here, or
        doesn't know the revision.
        """
        own = (path for path, _ in map(split_source, sources) if path)
        named = (path for path in own if path.endswith(f"{model}/model.toml"))
        place = files.of(next(named, f"models/{model}/model.toml"))
        commit = None if place is None else place.history.known(revision)
        return (
            None if place is None or commit is None else cls.at(place.history, place.path, commit)
        )

    @classmethod
    def at(cls, history: History, toml: str, commit: str) -> Material:
        """Of the model whose TOML it is."""
        folder = toml.rpartition("/")[0]
        found = history.leaves(commit, toml)
        settings = {key: leaf for key, leaf in found.items() if _is_material(key)}
        files = [
            f"{folder}/{leaf.value}"
            for key, leaf in settings.items()
            if key.rpartition(".")[2] in FILES and isinstance(leaf.value, str)
        ]
        files.append(f"{folder}/variants")
        return cls(
            history=history,
            commit=commit,
            toml=toml,
            files=tuple(dict.fromkeys(files)),
            settings=settings,
        )

    def last_changes(self) -> Iterator[tuple[str, Commit]]:
        """Each part of the model with the commit that changed it last."""
        for path in self.files:
            if (touched := self.history.last_touch(self.commit, path)) is not None:
                yield path, touched
        for key, leaf in self.settings.items():
            changed = self.history.last_change(self.commit, self.toml, [leaf])
            if changed is not None:
                yield f"{self.toml}:{key}", changed


def _is_material(key: str) -> bool:
    return key == "weights" or key.startswith(("variants.", "preprocess."))


def warnings_of(
    criteria: Sequence[Criterion], commits: Mapping[str, str | None], files: Sources
) -> list[str]:
    """A sentence for each commit that was the last to change both limits and the model that they
    judge; `commits` has each run's.
    """
    found: dict[str, None] = {}
    for model, material, ours in _by_model(criteria, commits, files):
        parts: dict[str, list[str]] = {}
        for name, changed in material.last_changes():
            parts.setdefault(changed.sha, []).append(name)
        limits: dict[str, dict[str, None]] = {}
        for one in ours:
            if one.set_at is not None and one.set_at.sha in parts:
                limits.setdefault(one.set_at.sha, {})[one.source] = None
        for sha, sources in limits.items():
            found[
                f"{model}: limits and the model that they judge were last changed in one commit,"
                f" {sha[:SHORT]}: {_some([*sources])}; {_some(parts[sha])}"
            ] = None
    return list(found)


def warnings_since(
    base: str, criteria: Sequence[Criterion], commits: Mapping[str, str | None], files: Sources
) -> list[str]:
    """A sentence for each model of which both limits and something else changed since `base`."""
    found: dict[str, None] = {}
    for model, material, ours in _by_model(criteria, commits, files):
        history, commit = material.history, material.commit
        fork = history.fork(base, commit)
        if fork is None:
            found[f"{base} and the run's commit {commit[:SHORT]} have no commit in common"] = None
            continue
        before = Material.at(history, material.toml, fork)
        limits = [one.source for one in ours if _differs(files, one.source, before, material)]
        parts = history.changed(fork, commit, [*dict.fromkeys(material.files + before.files)])
        parts += [
            f"{material.toml}:{key}"
            for key in dict.fromkeys([*material.settings, *before.settings])
            if _value(material.settings, key) != _value(before.settings, key)
        ]
        if limits and parts:
            found[
                f"{model}: since {base} both limits and the model that they judge have changed:"
                f" {_some([*dict.fromkeys(limits)])}; {_some(parts)}"
            ] = None
    return list(found)


def _by_model(
    criteria: Sequence[Criterion], commits: Mapping[str, str | None], files: Sources
) -> Iterator[tuple[str, Material, list[Criterion]]]:
    """The limits of each model at each commit that its repository knows."""
    found: dict[tuple[str, str | None], list[Criterion]] = {}
    for one in criteria:
        found.setdefault((one.model, commits[one.runs[0]]), []).append(one)
    for (model, revision), ours in found.items():
        material = Material.of(files, model, [one.source for one in ours], revision)
        if material is not None:
            yield model, material, ours


def _differs(files: Sources, source: str, before: Material, after: Material) -> bool:
    """Whether a limit is another one at the two commits of the model's repository."""
    named, key = split_source(source)
    place = None if named is None else files.of(named)
    if place is None or place.history != after.history:
        return False
    values = [_value(one.history.leaves(one.commit, place.path), key) for one in (before, after)]
    return values[0] != values[1]


def _value(leaves: Mapping[str, Leaf], key: str) -> object:
    return leaves[key].value if key in leaves else None


def _some(names: Sequence[str], most: int = 3) -> str:
    """The first of many, the file that several stand in named once."""
    shown: dict[str, list[str]] = {}
    for name in names[:most]:
        path, mark, key = name.partition(TOML)
        shown.setdefault(f"{path}.toml" if mark else "", []).append(key if mark else name)
    words = [f"{path} {', '.join(keys)}".strip() for path, keys in shown.items()]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return "; ".join(words) + more
