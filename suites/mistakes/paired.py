"""Mistakes in what `edgeassay ab` is given, and in compare.toml."""

from __future__ import annotations

from suites.meta.project import Project
from suites.meta.tinymodels import write_layers, write_several
from suites.mistakes.breaking import Break, together, written
from suites.mistakes.mistake import READ_ONLY, Mistake

DEVICES = "--devices-dir={folder}/devices"
AB = ("edgeassay", "ab", "base.tflite", "head.tflite", DEVICES)
LIMITS = "compare.toml"


def files(project: Project) -> None:
    """Two networks that take as long."""
    write_layers(project.folder / "base.tflite", 2)
    write_layers(project.folder / "head.tflite", 2, padding_bytes=64)


def others(project: Project) -> None:
    """Two networks that have nothing to do with each other."""
    write_layers(project.folder / "base.tflite", 2)
    write_several(project.folder / "head.tflite")


def with_limits(text: str) -> Break:
    """Both networks, and a compare.toml."""
    return together(files, written(LIMITS, text))


def given(
    name: str,
    *words: str,
    what: str,
    where: str,
    remedy: str,
    broken: Break = files,
    code: int = 2,
    said: int = 1,
) -> Mistake:
    """A command that can't be followed."""
    return Mistake(
        id=f"ab-{name}",
        broken=broken,
        command=("edgeassay", "ab", *words, DEVICES),
        code=code,
        what=what,
        where=where,
        remedy=remedy,
        said=said,
    )


def limits(name: str, text: str, *, what: str, remedy: str, where: str = LIMITS) -> Mistake:
    """A compare.toml that can't be followed."""
    return Mistake(
        id=f"compare-toml-{name}",
        broken=with_limits(text),
        command=AB,
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


MISTAKES = (
    given(
        "absent-file",
        *("base.tflite", "gone.tflite"),
        what="no such file",
        where="gone.tflite",
        remedy="give a .tflite or .onnx, a folder, or a git revision",
    ),
    given(
        "nonsense",
        *("base.tflite", "no-such-thing"),
        what="no such file or folder, and no revision",
        where="no-such-thing",
        remedy="give a .tflite or .onnx, a folder of artifacts",
    ),
    given(
        "empty-folder",
        *("base.tflite", "place"),
        what="it holds no <model>/<variant>.tflite",
        where="place",
        remedy="`edgeassay build --out DIR` makes such a folder",
    ),
    given(
        "several-artifacts-beside-one",
        *("base.tflite", "artifacts"),
        what="artifacts has 2 artifacts, and the other side is one file",
        where="artifacts",
        remedy="say which with --model and --variant",
    ),
    given(
        "empty-file",
        *("base.tflite", "head.tflite"),
        broken=together(files, written("head.tflite", "")),
        what="head.tflite is empty",
        where="head.tflite",
        remedy="build or copy it again",
    ),
    given(
        "unknown-runtime",
        *("base.tflite", "head.tflite", "--head-runtime=litert-builtn"),
        what="unknown runtime; did you mean 'litert-builtin'?",
        where="--runtime litert-builtn",
        remedy="did you mean",
    ),
    given(
        "other-networks",
        *("base.tflite", "head.tflite"),
        broken=others,
        code=4,
        what="are no forms of one network",
        where="head",
        remedy="declare files of the same network",
    ),
    given(
        "unknown-device",
        *("base.tflite", "head.tflite", "--device=bensh"),
        what="unknown device; did you mean 'bench'?",
        where="--device bensh",
        remedy="did you mean",
    ),
    given(
        "no-time",
        *("base.tflite", "head.tflite", "--max-time=0"),
        what="Invalid value for '--max-time'",
        where="--max-time",
        remedy="edgeassay ab --help",
    ),
    Mistake(
        id="ab-json-read-only",
        broken=files,
        command=("edgeassay", "ab", "base.tflite", "base.tflite", DEVICES, "--json=place/ab.json"),
        code=2,
        what="can't be written: Read-only file system",
        where="place/ab.json",
        remedy="choose another place",
        place=READ_ONLY,
    ),
    limits(
        "misspelt",
        "[limits]\ntolerate = 0.02",
        what="unknown key 'limits.tolerate'",
        remedy="did you mean 'tolerated'?",
    ),
    limits(
        "table", "[gates]\nlooks = 3", what="unknown key 'gates'", remedy="did you mean 'gate'?"
    ),
    limits(
        "gate-key",
        "[gate]\nlook = 3",
        what="unknown key 'gate.look'",
        remedy="did you mean 'looks'?",
    ),
    limits(
        "text",
        '[limits]\ntolerated = "1%"',
        what="limits.tolerated = '1%' must be a number",
        remedy="such as 0.05",
    ),
    limits(
        "negative",
        "[limits]\ntolerated = -1",
        what="limits.tolerated = -1 is not valid",
        remedy="it must be 0 or more and at most 1",
    ),
    limits(
        "nothing",
        '[[limit]]\nmodel = "a*"',
        what="limit[0] sets no limit",
        remedy="set one of tolerated",
    ),
    limits(
        "scope",
        "[[limit]]\nmodel = 3\ntolerated = 0.1",
        what="limit[0].model = 3 must be a name",
        remedy="a pattern",
    ),
    limits(
        "rate",
        "[gate]\nfalse_alarms = 0.5",
        what="gate.false_alarms = 0.5 must lie above 0",
        remedy="at most at 0.2",
    ),
    limits(
        "spans",
        "[spans]\nmost = 2",
        what="spans.most = 2 is less than spans.least = 8",
        remedy="raise it",
    ),
    limits(
        "renamed",
        '[renamed]\na = "c"\nb = "c"',
        what="gives two benchmarks one new name",
        remedy="mend it",
    ),
    limits(
        "order",
        "[limits]\ntolerated = 0.2",
        what="limits.tolerated = 0.2 is more than",
        remedy="raise unacceptable",
    ),
)
