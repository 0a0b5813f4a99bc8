"""Declarations that aren't as the commit has them make the gate red, however they are hidden."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeassay.checkout import CODE, checkout_of, recorded, state_of
from edgeassay.config import load_models
from suites.reports.gated import Gated

HERE = "models/tiny/model.toml"
Attack = Callable[[Gated], object]


def widened(gated: Gated, name: str = HERE) -> str:
    """The declaration with a limit that lets more through."""
    path = gated.folder / name
    text = path.read_text(encoding="utf-8").replace("limit = 0.9,", "limit = 1.9,")
    path.write_text(text, encoding="utf-8")
    return text


def flagged(flag: str) -> Attack:
    """Git is told not to look."""

    def attack(gated: Gated) -> None:
        gated.git("update-index", flag, HERE)
        widened(gated)

    return attack


def filtered(gated: Gated) -> None:
    """A filter of the checkout's own settings gives git what the commit has."""
    gated.git("config", "filter.hide.clean", f"git show HEAD:{HERE}")
    (gated.folder / ".git/info/attributes").write_text("model.toml filter=hide\n")
    widened(gated)
    gated.git("add", HERE)
    assert not gated.git("status", "--porcelain")


def replaced(gated: Gated) -> None:
    """Another content under the commit's own name."""
    before = gated.git("rev-parse", f"HEAD:{HERE}")
    widened(gated)
    gated.git("replace", before, gated.git("hash-object", "-w", HERE))


def replaced_commit(gated: Gated) -> None:
    """Another commit under the commit's own name."""
    before = gated.git("rev-parse", "HEAD")
    widened(gated)
    gated.git("commit", "-qam", "wider")
    gated.git("replace", before, gated.git("rev-parse", "HEAD"))
    gated.git("update-ref", "HEAD", before)


def linked_out(gated: Gated) -> None:
    """A link to a file outside, and git is told not to look."""
    gated.git("update-index", "--skip-worktree", HERE)
    widened(gated)
    outside = gated.folder.parent / "outside.toml"
    shutil.move(gated.folder / HERE, outside)
    (gated.folder / HERE).symlink_to(outside)


def linked_to_another(gated: Gated) -> None:
    """A link to a file that the commit has, elsewhere."""
    shutil.copytree(gated.folder / "models", gated.folder / "lax")
    widened(gated, "lax/tiny/model.toml")
    again(gated)
    gated.git("update-index", "--skip-worktree", HERE)
    (gated.folder / HERE).unlink()
    (gated.folder / HERE).symlink_to("../../lax/tiny/model.toml")


def linked_folder(gated: Gated) -> None:
    """The folder is a link out of the tree."""
    gated.git("update-index", "--skip-worktree", HERE)
    widened(gated)
    outside = gated.folder.parent / "outside"
    shutil.move(gated.folder / "models", outside)
    (gated.folder / "models").symlink_to(outside)


def again(gated: Gated) -> None:
    """A commit of all there is, and runs of it."""
    gated.commit_all()
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=gated.commit))


def untracked(gated: Gated) -> None:
    """A model that the commit hasn't, which git is told to ignore."""
    gated.git("rm", "-q", "--cached", HERE)
    (gated.folder / ".git/info/exclude").write_text("models/\n")
    again(gated)


def ignored(gated: Gated) -> None:
    """The same by a committed .gitignore."""
    gated.git("rm", "-q", "--cached", HERE)
    with (gated.folder / ".gitignore").open("a") as file:
        file.write("models/\n")
    again(gated)


def nested(gated: Gated) -> None:
    """A model that is a repository of its own."""
    gated.git("rm", "-q", "--cached", HERE)
    folder = str(gated.folder / "models/tiny")
    gated.git("-C", folder, "init", "-q")
    gated.git("-C", folder, "add", "-A")
    gated.git("-C", folder, "commit", "-q", "-m", "mine")
    again(gated)  # as a submodule


def variant_removed(gated: Gated) -> None:
    """A variant's own file is gone, and git is told not to look."""
    path = gated.folder / "models/tiny/variants/fp16.toml"
    path.parent.mkdir()
    path.write_text('method = "fp16"\non_request = true\n')
    again(gated)
    gated.git("update-index", "--skip-worktree", "models/tiny/variants/fp16.toml")
    path.unlink()


def committed(name: str, content: bytes, other: bytes) -> Attack:
    """A file beside the declarations is another one, and git is told not to look."""

    def attack(gated: Gated) -> None:
        path = gated.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        again(gated)
        gated.git("update-index", "--assume-unchanged", name)
        path.write_bytes(other)

    return attack


def flagged_as_well(name: str) -> Attack:
    """Another declaration with a comment, and git is told not to look."""

    def attack(gated: Gated) -> None:
        gated.git("update-index", "--skip-worktree", name)
        with (gated.folder / name).open("a") as file:
            file.write("\n# another\n")

    return attack


COMPARE = "compare.toml"
ACCEPTED = "baselines/accepted.toml"
ATTACKS: list[tuple[str, Attack, str]] = [
    ("skip-worktree", flagged("--skip-worktree"), HERE),
    ("assume-unchanged", flagged("--assume-unchanged"), HERE),
    ("filter", filtered, HERE),
    ("replaced-blob", replaced, HERE),
    ("replaced-commit", replaced_commit, HERE),
    ("link-out", linked_out, HERE),
    ("link-to-another", linked_to_another, HERE),
    ("folder-link", linked_folder, HERE),
    ("exclude", untracked, HERE),
    ("ignore", ignored, HERE),
    ("nested", nested, HERE),
    ("variant-removed", variant_removed, "models/tiny/variants/fp16.toml"),
    ("gate.toml", flagged_as_well("gate.toml"), "gate.toml"),
    ("device", flagged_as_well("fixtures/devices/bench.toml"), "fixtures/devices/bench.toml"),
    (COMPARE, committed(COMPARE, b"[limits]\n", b"[limits]\nauc_drop = 0.2\n"), COMPARE),
    (ACCEPTED, committed(ACCEPTED, b"", b"# mine\n"), ACCEPTED),
    ("weights", committed("models/tiny/tiny.keras", b"\0one", b"\0two"), "models/tiny/tiny.keras"),
    ("scores", committed("models/tiny/fp32.csv", b"a\n", b"b\n"), "models/tiny/fp32.csv"),
    ("judge", committed("edgeassay/gates.py", b"a = 1\n", b"a = 2\n"), "edgeassay/gates.py"),
]


@pytest.mark.parametrize(("attack", "name"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS])
def test_what_the_commit_has_not_is_red_and_named(gated: Gated, attack: Attack, name: str) -> None:
    attack(gated)
    end = gated.end()
    assert end.code in (1, 4), end.text
    assert name in end.sentence("uncommitted changes")


def test_the_environment_leads_git_nowhere_else(
    gated: Gated, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other") / "clone"
    gated.git("clone", "-q", str(gated.folder), str(other))
    widened(gated)
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.worktree",
        "GIT_CONFIG_VALUE_0": str(other),
    }.items():
        monkeypatch.setenv(name, value)
    end = gated.end()
    assert end.code == 4
    assert HERE in end.sentence("uncommitted changes")


def test_a_setting_that_points_elsewhere_hides_nothing(gated: Gated) -> None:
    shutil.copytree(gated.folder / "models", gated.folder.parent / "clean/models")
    gated.git("config", "core.worktree", str(gated.folder.parent / "clean"))
    widened(gated)
    assert HERE in gated.end().sentence("uncommitted changes")


@pytest.mark.parametrize("form", ["crlf", "lfs", "link", "as it is"])
def test_what_git_itself_changes_is_no_change(gated: Gated, form: str) -> None:
    path = gated.folder / HERE
    if form == "crlf":
        gated.git("config", "core.autocrlf", "true")
        path.unlink()
        gated.git("checkout", HERE)
        assert b"\r\n" in path.read_bytes()
    if form == "lfs":
        content = b"\0weights"
        digest = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 8\n"
        (gated.folder / "models/tiny/tiny.keras").write_text(pointer)
        again(gated)
        gated.git("update-index", "--assume-unchanged", "models/tiny/tiny.keras")
        (gated.folder / "models/tiny/tiny.keras").write_bytes(content)
    if form == "link":
        shutil.move(path, gated.folder / "shared.toml")
        path.symlink_to("../../shared.toml")
        again(gated)
    end = gated.end()
    assert end.code == 0, end.text


def test_a_run_names_what_its_commit_has_not(gated: Gated) -> None:
    def state(*more: Path) -> tuple[str, ...]:
        with recorded() as read:
            load_models([gated.folder / "models", *more], gated.folder)
        return state_of(gated.folder, read=read).changed

    assert state() == ()
    flagged("--skip-worktree")(gated)
    assert state() == (HERE,)
    outside = gated.folder.parent / "theirs"
    shutil.copytree(gated.folder / "models", outside)
    toml = outside / "tiny/model.toml"
    (outside / "tiny").rename(outside / "other")
    toml = outside / "other/model.toml"
    toml.write_text(toml.read_text().replace('id = "tiny"', 'id = "other"'))
    assert state(outside) == tuple(sorted((HERE, toml.as_posix())))


WRITTEN = ("results.json", "page.html", "bundle/run-1.json", "results.scores/a.csv", "run.log")
DECLARING = (
    *("new.toml", "helper.py", "deep/er/new.toml", "fast.so", "pytest.ini", "setup.cfg"),
    *("models/tiny/scores.csv", "fixtures/devices/notes", "suites/data.bin"),
)


@pytest.mark.parametrize("name", [*WRITTEN, *DECLARING])
def test_an_untracked_file_counts_only_if_it_can_declare_or_run_something(
    gated: Gated, name: str
) -> None:
    path = gated.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    changed = state_of(gated.folder, read={}).changed
    assert bool(changed) is (name in DECLARING)
    assert all(name.startswith(one) for one in changed)


def test_a_changed_file_counts_whatever_it_is(gated: Gated) -> None:
    (gated.folder / "results.json").write_text("{}")
    again(gated)
    (gated.folder / "results.json").write_text("{ }")
    assert state_of(gated.folder, read={}).changed == ("results.json",)


def test_an_untracked_link_or_repository_counts(gated: Gated, tmp_path: Path) -> None:
    (gated.folder / "numpy").symlink_to(tmp_path)
    gated.git("init", "-q", str(gated.folder / "theirs"))
    (gated.folder / "theirs/a").write_text("")
    gated.git("-C", str(gated.folder / "theirs"), "add", "-A")
    gated.git("-C", str(gated.folder / "theirs"), "commit", "-qm", "theirs")
    assert state_of(gated.folder, read={}).changed == ("numpy", "theirs")


def nothing(_mine: Path, _git: Callable[..., str]) -> None:
    """All is as committed."""


def loosened(mine: Path, _git: Callable[..., str]) -> None:
    """A limit is another one."""
    path = mine / "models/other/model.toml"
    path.write_text(path.read_text().replace("limit = 0.9,", "limit = 1.9,"))


def loosened_and_hidden(mine: Path, git: Callable[..., str]) -> None:
    """A limit is another one, and git is told not to look."""
    git("update-index", "--skip-worktree", "models/other/model.toml")
    loosened(mine, git)


def weights_hidden(mine: Path, git: Callable[..., str]) -> None:
    """A file beside the declaration is another one, and git is told not to look."""
    git("update-index", "--assume-unchanged", "models/other/other.keras")
    (mine / "models/other/other.keras").write_bytes(b"\0two")


def file_added(mine: Path, _git: Callable[..., str]) -> None:
    """A file that no commit has lies in the model's folder."""
    (mine / "models/other/more.csv").write_text("")


def elsewhere_changed(mine: Path, _git: Callable[..., str]) -> None:
    """What is no declaration of a model is changed."""
    (mine / "README").write_text("more")


def never_committed(_mine: Path, git: Callable[..., str]) -> None:
    """The repository has a commit, and the model isn't in it."""
    git("rm", "-rq", "--cached", "models")
    git("commit", "-qm", "none")


def no_repository(mine: Path, _git: Callable[..., str]) -> None:
    """The models lie in no checkout."""
    shutil.rmtree(mine / ".git")


OF_MINE: list[tuple[Callable[[Path, Callable[..., str]], None], str | None]] = [
    (nothing, None),
    (elsewhere_changed, None),
    (loosened, "models/other/model.toml"),
    (loosened_and_hidden, "models/other/model.toml"),
    (weights_hidden, "models/other/other.keras"),
    (file_added, "models/other/more.csv"),
    (never_committed, "models/other/model.toml"),
    (no_repository, "models/other/model.toml"),
]


@pytest.mark.parametrize(("change", "name"), OF_MINE, ids=[c.__name__ for c, _ in OF_MINE])
def test_models_in_a_repository_of_their_own_must_be_committed_there(
    gated: Gated,
    tmp_path_factory: pytest.TempPathFactory,
    change: Callable[[Path, Callable[..., str]], None],
    name: str | None,
) -> None:
    mine = tmp_path_factory.mktemp("mine").resolve()

    def git(*words: str) -> str:
        return gated.git("-C", str(mine), *words)

    shutil.copytree(gated.folder / "models/tiny", mine / "models/other")
    toml = mine / "models/other/model.toml"
    toml.write_text(toml.read_text().replace('id = "tiny"', 'id = "other"'))
    (mine / "models/other/other.keras").write_bytes(b"\0one")
    (mine / "README").write_text("mine")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "mine")
    change(mine, git)
    with recorded() as read:
        load_models([gated.folder / "models", mine / "models"], gated.folder)
    changed = state_of(gated.folder, read=read).changed
    if name is None:
        assert changed == ()
    else:
        assert str(mine / name) in changed
    assert all(one.startswith(f"{mine}/models") for one in changed)


def test_the_gate_takes_the_projects_own_models_once(gated: Gated) -> None:
    end = gated.end("--models-dir", "models", "--devices-dir", "fixtures/devices")
    assert end.code == 0, end.text
    gated.git("commit", "-qm", "next", "--allow-empty")
    gated.commit = gated.git("rev-parse", "HEAD")
    for one in gated.documents:
        gated.change(one, lambda d: d.update(commit=gated.commit))
    for folder in ("models", str(gated.folder / "models")):
        end = gated.end("--base", "HEAD^1", "--models-dir", folder)
        assert end.code == 0, end.text
        assert "can't be read" not in end.text


def test_hidden_code_is_named_too(gated: Gated) -> None:
    for name in CODE[:1]:
        (gated.folder / name).mkdir()
        (gated.folder / name / "gates.py").write_text("verdict = 1\n")
    again(gated)
    gated.git("config", "filter.hide.clean", "git show HEAD:edgeassay/gates.py")
    (gated.folder / ".git/info/attributes").write_text("*.py filter=hide\n")
    (gated.folder / "edgeassay/gates.py").write_text("verdict = 2\n")
    assert state_of(gated.folder, read={}).changed == ("edgeassay/gates.py",)


def test_outside_git_there_is_no_commit_and_nothing_to_compare(tmp_path: Path) -> None:
    assert checkout_of(tmp_path) is None
    assert state_of(tmp_path, read={tmp_path / "a.toml": b""}).commit is None


def test_a_project_in_no_checkout_is_of_the_one_that_its_models_lead_to(
    gated: Gated, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("made")
    (root / "models").symlink_to(gated.folder / "models")
    (root / "own.toml").write_text("")
    with recorded() as read:
        load_models([root / "models"], root)
    read[root / "own.toml"] = b""
    assert state_of(root, read=read).commit == gated.commit
    assert state_of(root, read=read).changed == ()
    widened(gated)
    assert state_of(root, read=read).changed == (HERE,)
