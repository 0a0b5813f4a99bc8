"""What the workflows call: which runners measure, what is taken from strangers, what is posted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from edgeassay.report.results import digest_of
from suites.meta.matrix_files import hostile, x86_run
from suites.meta.project import ROOT

OWN = ["self-hosted", "linux", "ARM64"]


def script(name: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / name), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def plan(folder: Path, variable: Any, fork: str = "false") -> tuple[int, dict[str, Any], str]:
    """Exit code, both matrices, and what was said."""
    output = folder / "output"
    output.write_text("")
    text = variable if isinstance(variable, str) else json.dumps(variable)
    done = script("runners.py", EDGEASSAY_RUNNERS=text, FORK=fork, GITHUB_OUTPUT=str(output))
    lines = (line.partition("=") for line in output.read_text().splitlines())
    return done.returncode, {k: json.loads(v) for k, _, v in lines}, done.stdout + done.stderr


def test_without_a_variable_hosted_runners_measure(tmp_path: Path) -> None:
    code, found, _ = plan(tmp_path, "")
    assert code == 0
    assert [leg["labels"] for leg in found["hosted"]] == [["ubuntu-24.04"], ["ubuntu-24.04-arm"]]
    assert found["self-hosted"] == []


@pytest.mark.parametrize(
    ("fork", "own"), [("false", ["pi5"]), ("true", []), ("", []), ("False", [])]
)
def test_a_fork_never_starts_a_machine_of_ours(fork: str, own: list[str], tmp_path: Path) -> None:
    legs = [{"leg": "x86-64", "labels": ["ubuntu-24.04"]}, {"leg": "pi5", "labels": OWN}]
    code, found, said = plan(tmp_path, legs, fork)
    assert code == 0
    assert [leg["leg"] for leg in found["hosted"]] == ["x86-64"]
    assert [leg["leg"] for leg in found["self-hosted"]] == own
    assert ("left out" in said) == (not own)


def test_self_hosted_labels_may_name_a_gpu_and_a_device(tmp_path: Path) -> None:
    labels = ["self-hosted", "linux", "X64", "gpu"]
    code, found, _ = plan(tmp_path, [{"leg": "gpu", "labels": labels, "device": "workstation"}])
    assert code == 0
    (leg,) = found["self-hosted"]
    assert (leg["labels"], leg["device"]) == (labels, "workstation")


@pytest.mark.parametrize(
    "variable",
    [
        "{",
        "[" * 5000,
        "x" * 20_000,
        "[]",
        "{}",
        [{"leg": "a"}],
        [{"leg": "a", "labels": ["windows-latest"]}],
        [{"leg": "a", "labels": ["ubuntu-24.04", "self-hosted"]}],
        [{"leg": "a", "labels": "ubuntu-24.04"}],
        [{"leg": "a", "labels": [["ubuntu-24.04"]]}],
        [{"leg": "a", "labels": OWN[:2]}],
        [{"leg": "a", "labels": [*OWN, "$(id)"]}],
        [{"leg": "a\nhosted=[]", "labels": ["ubuntu-24.04"]}],
        [{"leg": "../a", "labels": ["ubuntu-24.04"]}],
        [{"leg": "a", "labels": OWN, "device": "--help"}],
        [{"leg": "a", "labels": OWN, "more": 1}],
        [{"leg": "a", "labels": OWN}] * 2,
        [{"leg": f"a{k}", "labels": OWN} for k in range(17)],
    ],
)
def test_what_is_no_runner_is_refused_in_a_sentence(variable: Any, tmp_path: Path) -> None:
    code, found, said = plan(tmp_path, variable)
    assert (code, found) == (2, {})
    assert said.startswith("EDGEASSAY_RUNNERS: ")
    assert "Traceback" not in said


def archive(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_of_a_legs_archive_two_files_are_taken(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "leg.zip",
        ("results.json", b"{}"),
        ("ab.json", b"[]"),
        ("../../escaped", b"!"),
        ("junit.xml", b"<x/>"),
    )
    assert script("legs.py", str(path), str(tmp_path / "out")).returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["ab.json", "results.json"]
    assert {p.name for p in tmp_path.rglob("*")} == {"leg.zip", "out", "ab.json", "results.json"}


def test_an_archive_of_a_stranger_is_refused_in_a_sentence(tmp_path: Path) -> None:
    empty = b"\0" * 70_000_000
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = archive(tmp_path / "1.zip", ("results.json", b"{}"), ("results.json", b"[]"))
    broken = tmp_path / "2.zip"
    broken.write_bytes(b"PK\x03\x04 nothing")
    cases = {
        twice: "more than once",
        broken: "not a zip file",
        archive(tmp_path / "3.zip", ("other", b"")): "no results.json",
        archive(tmp_path / "4.zip", (link("results.json"), b"/etc/passwd")): "no plain file",
        archive(tmp_path / "5.zip", ("results.json", empty)): "more than 64,000,000 bytes",
        archive(tmp_path / "6.zip", *((f"{k}", b"") for k in range(10_001))): "10001 entries",
    }
    for number, (path, sentence) in enumerate(cases.items()):
        done = script("legs.py", str(path), str(tmp_path / f"out{number}"))
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
    size = sum(p.stat().st_size for p in (tmp_path / "out4").iterdir())
    assert size <= 64_000_000


# Answers as GitHub's program would: from files named by what is asked, and notes what is sent.
GH = """#!{python}
import json, pathlib, sys, urllib.parse
here = pathlib.Path(__file__).parent
words = sys.argv[2:]
sent = sys.stdin.read() if "--input" in words else None
with (here / "asked.jsonl").open("a") as log:
    log.write(json.dumps([words, sent]) + "\\n")
path = next(word for word in words if word.startswith("repos/"))
path, _, query = path.partition("?")
file = here / path.replace("/", "_")
page = int(dict(urllib.parse.parse_qsl(query)).get("page", 1))
if file.exists() and page > 1:
    sys.stdout.write(json.dumps(json.loads(file.read_bytes())[100 * (page - 1) : 100 * page]))
elif file.exists() and page == 1 and query:
    found = json.loads(file.read_bytes())
    sys.stdout.write(json.dumps(found[:100] if isinstance(found, list) else found))
elif file.exists():
    sys.stdout.buffer.write(file.read_bytes())
elif sent is None:
    sys.exit(f"404 {{path}}")
"""
HEAD = {
    "HEAD_SHA": "f" * 40,
    "HEAD_BRANCH": "$(touch owned); `id` --help",
    "HEAD_REPOSITORY": "stranger/project",
}


class Hub:
    """A repository at GitHub, as `gh` shows it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "hub"
        self.folder.mkdir()
        (self.folder / "gh").write_text(GH.format(python=sys.executable))
        (self.folder / "gh").chmod(0o755)

    def has(self, path: str, content: Any) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (self.folder / f"repos/our/project/{path}".replace("/", "_")).write_bytes(data)

    @property
    def asked(self) -> list[Any]:
        lines = (self.folder / "asked.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def comment(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return script(
            "comment.py",
            *words,
            PATH=f"{self.folder}:{os.environ['PATH']}",
            GITHUB_REPOSITORY="our/project",
            GITHUB_SERVER_URL="https://github.com",
            RUN_ID="7",
            CONCLUSION="failure",
            **environment,
        )


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def sealed(document: dict[str, Any]) -> bytes:
    return json.dumps(document | {"digest": digest_of(document)}).encode()


def uploaded(tmp_path: Path, hub: Hub, **legs: bytes) -> None:
    """Legs that a run left, and what isn't one."""
    listed: list[dict[str, Any]] = [
        {"id": 90, "name": "leg-$(id)", "size_in_bytes": 1, "expired": False},
        {"id": 91, "name": "leg-huge", "size_in_bytes": 10**12, "expired": False},
        {"id": 92, "name": "comment", "size_in_bytes": 1, "expired": False},
    ]
    for number, (name, content) in enumerate(legs.items()):
        path = archive(tmp_path / f"{name}.zip", ("results.json", content))
        hub.has(f"actions/artifacts/{number}/zip", path.read_bytes())
        listed.append({"id": number, "name": f"leg-{name}", "size_in_bytes": 9, "expired": False})
    hub.has("actions/runs/7/artifacts", {"artifacts": listed})


def test_a_comment_is_written_anew_from_what_legs_left(tmp_path: Path, hub: Hub) -> None:
    pytest.importorskip("edgeassay.summary.markdown")
    uploaded(tmp_path, hub, good=sealed(x86_run()), bad=b"{", hostile=sealed(hostile()))
    assert hub.comment("fetch", str(tmp_path / "legs")).returncode == 0
    asked = [words[0] for words, _ in hub.asked]
    assert not any("90" in path or "91" in path or "92" in path for path in asked)
    done = hub.comment("render", str(tmp_path / "legs"), str(tmp_path / "comment.md"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "comment.md").read_text()
    assert text.startswith("<!-- edgeassay -->")
    assert "https://github.com/our/project/actions/runs/7" in text
    assert "**failure**" in text
    assert "leg-bad isn't shown" in text
    assert "leg-huge isn't shown" in text
    assert str(tmp_path) not in text
    assert "<script" not in text
    assert len(text) <= 65_000


def test_a_comment_goes_where_github_says_and_is_changed_the_next_time(
    tmp_path: Path, hub: Hub
) -> None:
    place = tmp_path / "comment.md"
    place.write_text("<!-- edgeassay -->\n@file $(id)")
    other = {"sha": "f" * 40, "repo": {"full_name": "another/project"}}
    head = {"sha": "f" * 40, "repo": {"full_name": "stranger/project"}}
    gone = {"sha": "0" * 40, "repo": None}
    heads = [(1, other), (2, head), (3, gone)]
    hub.has("pulls", [{"number": number, "head": one} for number, one in heads])
    hub.has("pulls/2/files", [])
    theirs = {"id": 4, "user": {"login": "stranger"}, "body": "<!-- edgeassay --> mine"}
    hub.has("issues/2/comments", [theirs])
    assert hub.comment("post", str(place), **HEAD).stdout == "POST on pull request 2\n"
    words, sent = hub.asked[-1]
    assert words[:3] == ["--method", "POST", "repos/our/project/issues/2/comments"]
    assert json.loads(sent) == {"body": "<!-- edgeassay -->\n@file $(id)"}
    assert f"head=stranger:{HEAD['HEAD_BRANCH']}" in hub.asked[0][0]
    ours = {"id": 5, "user": {"login": "github-actions[bot]"}, "body": "<!-- edgeassay --> old"}
    hub.has("issues/2/comments", [theirs, ours])
    assert hub.comment("post", str(place), **HEAD).stdout == "PATCH on pull request 2\n"
    assert hub.asked[-1][0][2] == "repos/our/project/issues/comments/5"


def test_a_comment_is_found_on_whatever_page_it_is(tmp_path: Path, hub: Hub) -> None:
    place = tmp_path / "comment.md"
    place.write_text("<!-- edgeassay -->\n")
    head = {"sha": "f" * 40, "repo": {"full_name": "stranger/project"}}
    hub.has("pulls", [{"number": 2, "head": head}])
    hub.has("pulls/2/files", [])
    theirs = {"user": {"login": "stranger"}, "body": "hello"}
    ours = {"id": 900, "user": {"login": "github-actions[bot]"}, "body": "<!-- edgeassay --> old"}
    for count in (99, 100, 101, 250):
        hub.has("issues/2/comments", [*({"id": k, **theirs} for k in range(count)), ours])
        assert hub.comment("post", str(place), **HEAD).stdout == "PATCH on pull request 2\n"
        assert hub.asked[-1][0][2] == "repos/our/project/issues/comments/900"
    hub.has("issues/2/comments", [{"id": k, **theirs} for k in range(200)])
    assert hub.comment("post", str(place), **HEAD).stdout == "POST on pull request 2\n"


JUDGING = [
    *("edgeassay/gates.py", "fixtures/verdicts.py", "suites/conftest.py", "conftest.py"),
    *("models/a/model.toml", "models/a/variants/int8.toml", "gate.toml", "compare.toml"),
    *("pyproject.toml", "tox.ini", ".ci/decide", ".github/workflows/hardware.yml", "action.yml"),
    *("fixtures/devices/host.toml", "baselines/accepted.toml"),
]


def test_a_comment_begins_with_what_judges_the_pull_request(tmp_path: Path, hub: Hub) -> None:
    place = tmp_path / "comment.md"
    place.write_text("<!-- edgeassay -->\nThe run\n")
    head = {"sha": "f" * 40, "repo": {"full_name": "stranger/project"}}
    hub.has("pulls", [{"number": 2, "head": head}])
    hub.has("issues/2/comments", [])

    def posted(*files: dict[str, str]) -> str:
        hub.has("pulls/2/files", [{"filename": f"docs/{k}.md"} for k in range(150)] + [*files])
        assert hub.comment("post", str(place), **HEAD).returncode == 0
        body: str = json.loads(hub.asked[-1][1])["body"]
        return body

    assert posted() == "<!-- edgeassay -->\nThe run\n"
    for name in JUDGING:
        told = posted({"filename": name})
        assert told.startswith("<!-- edgeassay -->\n**This pull request changes what judges it**")
        assert f"`{name}`" in told
    assert "`gate.toml`" in posted({"filename": "old.toml", "previous_filename": "gate.toml"})
    odd = posted({"filename": "suites/`@all`](http://x)\n# hello"})
    assert "one with an unusual name" in odd
    assert "@all" not in odd
    many = posted(*({"filename": f"suites/{'x' * 90}{k}.py"} for k in range(2000)))
    assert " and 1,980 more" in many
    assert len(many) < 3_000


def test_nothing_is_posted_where_the_commit_is_no_head_any_more(tmp_path: Path, hub: Hub) -> None:
    place = tmp_path / "comment.md"
    place.write_text("<!-- edgeassay -->\n")
    hub.has("pulls", [])
    assert "nothing is posted" in hub.comment("post", str(place), **HEAD).stdout
    assert len(hub.asked) == 1


def test_only_what_render_writes_is_posted(tmp_path: Path, hub: Hub) -> None:
    place = tmp_path / "comment.md"
    for text in ("something else", "<!-- edgeassay -->" + "x" * 70_000):
        place.write_text(text)
        done = hub.comment("post", str(place), **HEAD)
        assert done.returncode == 1
        assert "isn't what `render` writes" in done.stderr
    assert not (hub.folder / "asked.jsonl").exists()
