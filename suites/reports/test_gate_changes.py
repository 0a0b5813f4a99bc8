"""What a commit changes in that which judges it is named first, and is red where it lets more
through and nobody approves it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeassay.merge_gate.base import BRANCHES, base_of
from suites.meta.project import IN_A_YEAR
from suites.reports.gated import DEVIATION, Gated

MODEL, BENCH = "models/tiny/model.toml", "fixtures/devices/bench.toml"
CPU = '[[limit]]\nclaim = "size_ratio"\nlimit = {}\nvariant = "int8"\nisa = "amx_int8"\n'
APPROVAL = """
[[approval]]
what = "{}"
reason = "the finding got a second output"
owner = "clinical lead"
"""
Edit = Callable[[Gated], object]


def base(gated: Gated, **files: str) -> Gated:
    """The project with more in its base commit."""
    for name, text in files.items():
        setattr(gated, name, text)
    gated.declare()
    gated.commit_all()
    return gated


def head(gated: Gated) -> Gated:
    """A commit on top, and runs of it by its own declarations."""
    gated.git("add", "-A")
    gated.git("commit", "-q", "-m", "a change", "--allow-empty")
    gated.commit = gated.git("rev-parse", "HEAD")
    gated.documents = {f"{leg}.json": gated.results(made) for leg, made in gated.plans().items()}
    return gated


def edited(name: str, old: str, new: str) -> Edit:
    def edit(gated: Gated) -> None:
        path = gated.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def added(name: str, text: str) -> Edit:
    def edit(gated: Gated) -> None:
        path = gated.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")

    return edit


OWN = "models/tiny/variants/fp16.toml"
COMPARE = "[limits]\ntolerated = 0.01\n"

RED: list[tuple[str, Edit, int, str, str]] = [
    (
        "limit",
        edited(MODEL, "limit = 0.9,", "limit = 1.2,"),
        1,
        f"{MODEL}:limits.int8.size_ratio.limit",
        "was 0.9",
    ),
    (
        "limit-from-below",
        edited(MODEL, "min_auc = 0.7", "min_auc = 0.6"),
        1,
        f"{MODEL}:limits.min_auc",
        "is 0.6",
    ),
    (
        "limit-gone",
        edited(MODEL, "min_auc = 0.7\n", ""),
        1,
        f"{MODEL}:limits.min_auc",
        "and is gone",
    ),
    (
        "limit-of-a-variant",
        added(MODEL, "\n[limits.fp32]\nmin_auc = 0.5\n"),
        1,
        f"{MODEL}:limits.fp32.min_auc",
        "is 0.5",
    ),
    (
        "limit-of-a-runtime",
        added(MODEL, '\n[[limit]]\nclaim = "min_auc"\nlimit = 0.5\nruntime = "litert"\n'),
        1,
        f"{MODEL}:limit[0].limit",
        "is 0.5",
    ),
    ("limit-of-a-cpu", added(MODEL, CPU.format(1.5)), 1, f"{MODEL}:limit[0].limit", "is 1.5"),
    (
        "budget",
        edited(BENCH, "10000.0", "20000.0"),
        1,
        f"{BENCH}:limits.tiny.latency_p95_ms",
        "20000",
    ),
    (
        "budget-gone",
        edited(BENCH, "latency_p95_ms = 10000.0", "peak_memory_mb = 100"),
        1,
        f"{BENCH}:limits.tiny.latency_p95_ms",
        "gone",
    ),
    (
        "on-request",
        edited(MODEL, "calibration_images = 8 }", "calibration_images = 8, on_request = true }"),
        4,
        f"{MODEL}:variants.int8",
        "it is on request",
    ),
    (
        "on-request-in-its-own-file",
        added(OWN, "on_request = true\n"),
        4,
        f"{MODEL}:variants.fp16",
        "it is on request",
    ),
    (
        "variant-gone",
        lambda g: (g.folder / OWN).unlink(),
        4,
        f"{MODEL}:variants.fp16",
        "the variant is gone",
    ),
    (
        "leg-gone",
        edited("gate.toml", '[[leg]]\nid = "tablet"', '[[leg]]\nid = "slate"'),
        4,
        "gate.toml:leg.tablet",
        "and this commit doesn't",
    ),
    (
        "leg-leaves-out",
        edited("gate.toml", 'models = "all"', 'models = "all"\nvariants = ["fp32"]'),
        4,
        "gate.toml:leg.tablet",
        "tiny int8 on litert",
    ),
    (
        "leg-untimed",
        edited("gate.toml", 'models = "all"', 'models = "all"\ntimed = false'),
        1,
        "gate.toml:leg.tablet.timed",
        "is false",
    ),
    (
        "leg-warns",
        edited("gate.toml", 'models = "all"', 'models = "all"\ninconclusive = "warn"'),
        1,
        "gate.toml:leg.tablet.inconclusive",
        "is warn",
    ),
    (
        "leg-samples",
        edited("gate.toml", 'models = "all"', 'models = "all"\nimages = 5'),
        1,
        "gate.toml:leg.tablet.images",
        "5 images suffice",
    ),
    (
        "evidence",
        added(MODEL, "\n[statistics]\nmin_positives = 5\n"),
        1,
        f"{MODEL}:statistics.min_positives",
        "was 20 and is 5",
    ),
    (
        "resamples",
        added(MODEL, "\n[statistics]\nresamples = 200\n"),
        1,
        f"{MODEL}:statistics.resamples",
        "less evidence",
    ),
    (
        "split",
        edited(
            MODEL,
            'patient = "patient"',
            'patient = "patient"\nsplits = { evaluation = "train", calibration = "calibration" }',
        ),
        1,
        f"{MODEL}:data",
        "splits",
    ),
    (
        "threshold",
        added(MODEL, "\n[operating_point]\nthreshold = 0.0\n"),
        1,
        f"{MODEL}:operating_point",
        "threshold",
    ),
    (
        "reference",
        added(MODEL, '\n[reference]\npredictions = "poor.csv"\n'),
        1,
        f"{MODEL}:reference",
        "predictions",
    ),
    (
        "signature",
        edited(MODEL, 'id = "tiny"\n', 'id = "tiny"\nsignature = "a"\n'),
        1,
        f"{MODEL}:signature",
        "of the files the main graph was judged, and the signature 'a' is",
    ),
    (
        "runtime",
        edited(MODEL, "litert = {}", "litert = { threads = 4 }"),
        1,
        f"{MODEL}:runtimes.litert",
        "the runtime's options have changed (threads)",
    ),
    (
        "reference-made-cheaper",
        edited(MODEL, 'fp32 = { method = "fp32" }', 'fp32 = { method = "fp16" }'),
        1,
        f"{MODEL}:variants.fp32",
        "fp32 is made in another way (method); the others are held against it",
    ),
    (
        "tolerance",
        edited(BENCH, "waited_share = 1.0", "waited_share = 0.9"),
        1,
        f"{BENCH}:tolerance",
        "waited_share",
    ),
    ("sample", added(BENCH, "\n[evaluation]\nimages = 5\n"), 1, f"{BENCH}:evaluation", "images"),
    (
        "compare",
        edited("compare.toml", "0.01", "0.04"),
        1,
        "compare.toml:limits.tolerated",
        "tolerated was 0.01",
    ),
    (
        "compare-one",
        added("compare.toml", '[[limit]]\nvariant = "int8"\nsize_growth = 0.5\n'),
        1,
        "compare.toml:limit[0].size_growth",
        "is 0.5",
    ),
    (
        "noise",
        added("compare.toml", "[noise]\nrun_cv = 0.4\n"),
        1,
        "compare.toml:noise",
        "[noise] has changed",
    ),
    ("gates.py", edited("edgeassay/gates.py", "fail", "pass"), 1, "code", "edgeassay/gates.py"),
    ("fixture", added("fixtures/verdicts.py", "x = 1\n"), 1, "code", "fixtures/verdicts.py"),
    (
        "suite",
        added("suites/accuracy/test_accuracy.py", "x = 1\n"),
        1,
        "code",
        "suites/accuracy/test_accuracy.py",
    ),
    ("conftest", added("conftest.py", "x = 1\n"), 1, "code", "conftest.py"),
    (
        "settings",
        added("pyproject.toml", "[tool.pytest.ini_options]\n"),
        1,
        "code",
        "pyproject.toml",
    ),
    ("decide", added(".ci/decide", "exit 0\n"), 1, "code", ".ci/decide"),
]


@pytest.fixture
def project(gated: Gated) -> Gated:
    """A project whose base has code, a variant with a file of its own, and a compare.toml."""
    added("edgeassay/gates.py", 'verdict = "fail"\n')(gated)
    added(OWN, 'method = "fp16"\n')(gated)
    return base(gated, compare=COMPARE)


NAMES = [row[0] for row in RED]


@pytest.mark.parametrize(("edit", "code", "what", "words"), [r[1:] for r in RED], ids=NAMES)
def test_what_lets_more_through_is_red_and_named_first(
    project: Gated, edit: Edit, code: int, what: str, words: str
) -> None:
    edit(project)
    end = head(project).end("--markdown", "out.md")
    assert end.code == code, end.text
    (change,) = (c for c in end.document["changes"] if c["what"] == what)
    assert words in change["sentence"]
    assert end.text.lstrip().startswith("This commit changes what judges it:\n")
    page = Path("out.md").read_text(encoding="utf-8")
    assert page.index("## This commit changes what judges it") < page.index("## What fails")
    assert set(end.problems) <= {"loosened without approval", "missing case", "missing leg"}


@pytest.mark.parametrize(("edit", "what"), [(r[1], r[3]) for r in RED], ids=NAMES)
def test_an_approval_lets_it_through_once_and_is_shown(
    project: Gated, edit: Edit, what: str
) -> None:
    edit(project)
    added("gate.toml", APPROVAL.format(what))(project)
    end = head(project).end()
    assert (end.code, end.problems) == (0, ()), end.text
    assert "(approved by clinical lead: the finding got a second output)" in end.text
    edit_again = edited(MODEL, "mean_auc_drop = 0.05", "mean_auc_drop = 0.06")
    edit_again(project)
    again = head(project).end()
    assert again.code == 1, again.text


CART = 'models = ["tiny"]'
LOOSER_LIMITS = "min_auc = 0.51\nmean_auc_drop = 0.2\n"
FEWER_IMAGES = "\n[evaluation]\nimages = 5\n"


def another_profile(more: str, name: str = "cartbench") -> Edit:
    """A copy of the leg's profile with more in it, which the leg names."""

    def edit(gated: Gated) -> None:
        text = gated.device.replace('id = "bench"', f'id = "{name}"')
        text = text.replace('architecture = "*"', 'architecture = "x86_64"') + more
        (gated.folder / f"fixtures/devices/{name}.toml").write_text(text, encoding="utf-8")
        edited("gate.toml", CART, f'{CART}\ndevice = "{name}"')(gated)

    return edit


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (LOOSER_LIMITS, "fixtures/devices/cartbench.toml:limits.tiny.min_auc"),
        (FEWER_IMAGES, "gate.toml:leg.cart.device"),
    ],
)
def test_another_profile_that_asks_less_of_a_leg_is_red(
    project: Gated, more: str, what: str
) -> None:
    another_profile(more)(project)
    end = head(project).end()
    assert (end.code, set(end.problems) - {"a sample"}) == (1, {"loosened without approval"})
    assert what in [change["what"] for change in end.document["changes"]], end.text


def test_another_profile_that_allows_more_between_builds_is_red(project: Gated) -> None:
    added("compare.toml", '[[limit]]\ndevice = "cart*"\nsize_growth = 0.5\n')(project)
    head(project)
    another_profile("")(project)
    end = head(project).end()
    assert end.code == 1, end.text
    assert "compare.toml:limit[0].size_growth" in [c["what"] for c in end.document["changes"]]


def test_another_profile_that_asks_the_same_of_a_leg_is_only_named(project: Gated) -> None:
    another_profile("")(project)
    end = head(project).end()
    assert end.code == 0, end.text
    assert "the leg's device was bench, and is cartbench" in end.text


def test_a_leg_that_names_its_profile_cannot_leave_it_unseen(project: Gated) -> None:
    another_profile("")(project)
    head(project)
    edited("gate.toml", '\ndevice = "cartbench"', "")(project)
    edited("fixtures/devices/cartbench.toml", 'architecture = "x86_64"', "on_request = true")(
        project
    )
    end = head(project).end()
    assert end.code == 1, end.text
    assert "gate.toml:leg.cart.device" in [change["what"] for change in end.document["changes"]]


OF_A_RUNTIME = '\n[[limit]]\n{}claim = "min_auc"\nlimit = {}\nruntime = "tflite-runtime"\n'


@pytest.mark.parametrize("base_limit", [0.7, None], ids=["wider", "new"])
@pytest.mark.parametrize(
    ("place", "about"), [(MODEL, ""), (BENCH, 'model = "tiny"\n')], ids=["model", "device"]
)
def test_limits_of_a_runtime_that_only_a_leg_names_are_compared(
    project: Gated, place: str, about: str, base_limit: float | None
) -> None:
    edited("gate.toml", CART, f'{CART}\nruntimes = ["litert", "tflite-runtime"]')(project)
    if base_limit is not None:
        added(place, OF_A_RUNTIME.format(about, base_limit))(project)
    head(project)
    if base_limit is None:
        added(place, OF_A_RUNTIME.format(about, 0.51))(project)
    else:
        edited(place, "limit = 0.7\nruntime", "limit = 0.51\nruntime")(project)
    end = head(project).end()
    assert (end.code, set(end.problems)) == (1, {"loosened without approval"}), end.text
    assert f"{place}:limit[0].limit" in [change["what"] for change in end.document["changes"]]


LOADED = [
    *("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "setup.cfg", "tox.ini"),
    *(
        "sitecustomize.py",
        "usercustomize.py",
        "numpy.py",
        "typer/__init__.py",
        "models/conftest.py",
    ),
    *("models/tiny/train.py", "fixtures/devices/conftest.py", "fixtures/devices/pytest.toml"),
    *("more.pth", "numpy.cpython-311-x86_64-linux-gnu.so", "numpy.pyc", "docs/Conftest.PY"),
    *("more.egg-info/entry_points.txt", "more.dist-info/METADATA", "fixtures/devices/x.json"),
]


def test_all_that_python_or_pytest_can_load_is_code(project: Gated) -> None:
    for name in LOADED:
        added(name, "")(project)
    project.git("add", "-A", "-f")
    project.git("commit", "-q", "-m", "a change")
    made = base_of(project.folder, None, {})[0]
    assert made is not None
    assert made.changed_code() == sorted(LOADED)


@pytest.mark.parametrize("name", ["pytest.ini", "models/conftest.py", "typer.py"])
def test_a_file_that_can_be_loaded_needs_an_approval(project: Gated, name: str) -> None:
    added(name, "")(project)
    end = head(project).end()
    assert (end.code, set(end.problems)) == (1, {"loosened without approval"}), end.text
    assert f"the code that judges has changed: {name}" in end.text


@pytest.mark.parametrize(
    ("name", "target"),
    [("numpy", "/elsewhere/numpy"), ("sitecustomize.py", "/elsewhere/x"), ("suites/x.py", "/x")],
)
def test_a_link_that_can_be_loaded_is_code(project: Gated, name: str, target: str) -> None:
    (project.folder / name).parent.mkdir(exist_ok=True)
    (project.folder / name).symlink_to(target)
    head(project)
    made = base_of(project.folder, None, {})[0]
    assert made is not None
    assert made.changed_code() == [name]


def test_a_nested_repository_that_can_be_loaded_is_code(project: Gated) -> None:
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.commit},numpy")
    project.git("commit", "-q", "-m", "a change")
    made = base_of(project.folder, None, {})[0]
    assert made is not None
    assert made.changed_code() == ["numpy"]


def test_what_a_loaded_link_leads_to_is_code(project: Gated) -> None:
    added("notes.txt", "x = 1\n")(project)
    (project.folder / "conftest.py").symlink_to("notes.txt")
    head(project)
    edited("notes.txt", "1", "2")(project)
    head(project)
    made = base_of(project.folder, None, {})[0]
    assert made is not None
    assert made.changed_code() == ["conftest.py"]


def test_texts_weights_and_declarations_are_no_code(project: Gated) -> None:
    for name in ("README.md", "models/tiny/tiny.keras", "data/x.png", "fixtures/devices/x.toml"):
        added(name, "x = 1\n")(project)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "a change")
    made = base_of(project.folder, None, {})[0]
    assert made is not None
    assert made.changed_code() == []


@pytest.mark.parametrize("linked", ["models/tiny/model.toml", "models/tiny", "models"])
def test_a_base_is_read_through_its_links(gated: Gated, linked: str) -> None:
    place = gated.folder / linked
    place.rename(gated.folder / "shared")
    place.symlink_to(os.path.relpath(gated.folder / "shared", place.parent))
    gated.commit_all()
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(gated)
    end = head(gated).end()
    assert (end.code, set(end.problems)) == (1, {"loosened without approval"}), end.text


def test_an_approval_counts_only_in_the_commit_that_brings_it(project: Gated) -> None:
    added("gate.toml", APPROVAL.format(MODEL))(project)
    project.commit_all()
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    assert head(project).end().code == 1


FREE: list[tuple[str, Edit, str]] = [
    ("tighter", edited(MODEL, "limit = 0.9,", "limit = 0.8,"), ""),
    ("new-claim", edited(MODEL, "min_auc = 0.7", "min_auc = 0.7\nmin_sensitivity = 0.5"), ""),
    ("tighter-on-a-cpu", added(MODEL, CPU.format(0.5)), ""),
    ("more-evidence", added(MODEL, "\n[statistics]\nmin_positives = 30\n"), ""),
    (
        "variant-made-otherwise",
        edited(MODEL, "calibration_images = 8 }", "calibration_images = 9 }"),
        "int8 is made in another way (calibration_images)",
    ),
    ("weights", added("models/tiny/tiny.keras", "x"), "its files have changed: tiny.keras"),
    ("new-variant", edited(MODEL, "= 8 }", '= 8 }\ndrq = { method = "drq" }'), ""),
    ("deviation", added(MODEL, DEVIATION), "a new deviation until"),
    ("workflow", added(".github/workflows/x.yml", "on: push\n"), "workflows have changed"),
    (
        "baseline",
        added("baselines/x/last.json", "{}\n"),
        "baselines have changed",
    ),
    ("text", added("README.md", "more\n"), ""),
]


@pytest.mark.parametrize(("edit", "words"), [f[1:] for f in FREE], ids=[f[0] for f in FREE])
def test_what_lets_no_more_through_needs_no_approval(
    project: Gated, edit: Edit, words: str
) -> None:
    edit(project)
    end = head(project).end()
    assert "loosened without approval" not in end.problems, end.text
    assert words in end.text.replace("\n", " ")
    assert bool(end.document["changes"]) == bool(words)


def test_other_bytes_of_what_drops_are_taken_against_are_red(gated: Gated) -> None:
    added("models/tiny/ref.csv", "image,bright\n")(gated)
    project = base(gated, model=f'{gated.model}\n[reference]\npredictions = "ref.csv"\n')
    added("models/tiny/ref.csv", "a.png,0.5\n")(project)
    end = head(project).end()
    assert "loosened without approval" in end.problems, end.text
    (change,) = end.document["changes"]
    assert change["what"] == f"{MODEL}:reference.predictions"
    assert "ref.csv has other bytes, and drops are taken against it" in change["sentence"]


def test_a_deviation_that_lasts_longer_is_named(project: Gated) -> None:
    added(MODEL, DEVIATION.replace(IN_A_YEAR, "2026-12-31"))(project)
    project.commit_all()
    edited(MODEL, "2026-12-31", IN_A_YEAR)(project)
    assert (
        f"this deviation ended on 2026-12-31, and ends on {IN_A_YEAR}" in head(project).end().text
    )


def test_the_base_says_whether_code_needs_an_approval(project: Gated) -> None:
    show = '\n[changes]\ncode = "show"\n'
    added("gate.toml", show)(project)  # the change itself can't say so
    edited("edgeassay/gates.py", "fail", "pass")(project)
    assert head(project).end().code == 1
    edited("edgeassay/gates.py", "pass", "fails")(project)
    end = head(project).end()
    assert end.code == 0, end.text
    assert "code: the code that judges has changed: edgeassay/gates.py" in end.text


def test_a_branch_is_compared_with_where_it_left(
    project: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.commit
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    head(project)
    added("README.md", "more\n")(project)
    head(project)
    assert project.end().code == 0  # the commit before has it already
    assert project.end("--base", first).code == 1
    project.git("update-ref", "refs/remotes/origin/main", first)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert project.end().code == 1
    monkeypatch.delenv("GITHUB_BASE_REF")
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert project.end().code == 1
    none = project.end("--base", "none")
    assert none.code == 0
    assert "--base none: nobody looked whether this commit changes what judges it" in none.text
    unknown = project.end("--base", "f" * 40)
    assert unknown.code == 2
    assert "no commit here; fetch it" in unknown.text


@pytest.mark.parametrize("named", ["origin/main", "origin/HEAD"])
def test_a_tag_that_is_called_like_the_branch_is_not_the_base(
    project: Gated, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    first = project.commit
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    head(project)
    project.git("update-ref", "refs/remotes/origin/main", first)
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    project.git("tag", named, "HEAD")
    if named == "origin/main":
        monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert project.end().code == 1
    given = project.end("--base", named)
    assert given.code == 2
    assert "a tag and a branch have that name; give the commit" in given.text
    assert project.end("--base", f"refs/remotes/{named}").code == 1


def test_grafts_give_a_commit_no_other_parents(project: Gated) -> None:
    first = project.commit
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    head(project)
    project.git("commit", "-q", "--allow-empty", "-m", "beside", "--no-verify")
    beside = project.git("rev-parse", "HEAD")
    project.git("reset", "-q", "--hard", "HEAD^")
    grafts = project.folder / ".git/info/grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{project.commit} {beside}\n{beside} {first}\n", encoding="utf-8")
    assert project.end().code == 1


def test_a_checkout_without_its_base_is_red(
    project: Gated, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    head(project)
    shallow = tmp_path_factory.mktemp("shallow") / "clone"
    project.git("clone", "-q", "--depth", "1", f"file://{project.folder}", str(shallow))
    monkeypatch.chdir(shallow)
    other = Gated(shallow, documents=project.documents, commit=project.commit)
    end = other.end()
    assert end.code == 4
    assert "fetch it (`fetch-depth: 2` of actions/checkout)" in end.sentence("no base")


@pytest.mark.parametrize("variable", BRANCHES)
def test_a_named_branch_that_is_not_here_has_no_substitute(
    project: Gated, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    head(project)
    added("README.md", "more\n")(project)
    head(project)
    project.git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    monkeypatch.setenv(variable, "nosuch")
    end = project.end()
    assert (end.code, end.problems) == (4, ("no base",)), end.text
    assert f"{variable} names the branch nosuch" in end.sentence("no base")
    assert "git fetch origin +refs/heads/nosuch:" in end.sentence("no base")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("commits", [1, 2])
def test_an_unrelated_history_has_no_base(
    project: Gated, monkeypatch: pytest.MonkeyPatch, commits: int, *, named: bool
) -> None:
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    if named:
        monkeypatch.setenv("GITHUB_BASE_REF", "main")
    else:
        project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(project)
    project.git("checkout", "-q", "--orphan", "other")
    if commits == 2:
        project.git("rm", "-q", "--cached", "gate.toml")
        project.git("commit", "-q", "-a", "-m", "no gate")
    end = head(project).end()
    assert (end.code, end.problems) == (4, ("no base",)), end.text
    assert "no common commit" in end.sentence("no base")


def test_a_base_that_cannot_be_read_needs_an_approval(project: Gated) -> None:
    edited(MODEL, "mean_auc_drop = 0.05", "mean_auc_drop = 3")(project)
    project.git("add", "-A")
    project.git("commit", "-q", "--amend", "-m", "wrong")
    edited(MODEL, "mean_auc_drop = 3", "mean_auc_drop = 0.05")(project)
    end = head(project).end()
    assert end.code == 1
    assert "the base's own declarations can't be read" in end.sentence("loosened without approval")
    added("gate.toml", APPROVAL.format("gate.toml"))(project)
    project.git("add", "-A")
    project.git("commit", "-q", "--amend", "-m", "mended")
    project.commit = project.git("rev-parse", "HEAD")
    for name in project.documents:
        project.change(name, lambda d: d.update(commit=project.commit))
    assert project.end().code == 0


def test_before_there_was_a_gate_nothing_was_judged(gated: Gated) -> None:
    (gated.folder / "gate.toml").unlink()
    gated.git("commit", "-q", "-a", "--amend", "-m", "no gate")
    gated.declare()
    edited(MODEL, "limit = 0.9,", "limit = 1.2,")(gated)
    end = head(gated).end()
    assert (end.code, end.document["changes"]) == (0, [])


def test_outside_git_there_is_no_base(tmp_path: Path) -> None:
    assert base_of(tmp_path, None, {}) == (None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            APPROVAL.format(MODEL).replace("the finding got a second output", "x"),
            "tells nobody why",
        ),
        (APPROVAL.format(MODEL) + "expires = 2027-01-01\n", "unknown key 'approval.0.expires'"),
        (APPROVAL.format(""), "approval.0.what"),
        ('\n[changes]\ncode = "ignore"\n', "changes.code = 'ignore' is not valid"),
    ],
)
def test_a_mistake_in_an_approval_is_one_sentence(gated: Gated, text: str, words: str) -> None:
    added("gate.toml", text)(gated)
    end = gated.end()
    assert end.code == 2
    assert words in end.text.replace("\n", " ")
