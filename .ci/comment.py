"""The comment on a pull request: `fetch` takes what a run's legs left, `render` writes the text
anew from it, and `post` puts it there.

A run's artifacts are data of strangers: their sizes are bounded, their names are compared with a
pattern, what is unpacked is .ci/legs.py's to say, and nothing of them reaches a shell. Which pull
request it is about is asked of GitHub, and never read from an artifact.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import legs

LEG = re.compile(r"leg-[a-z0-9][a-z0-9-]{0,39}")
MOST_LEGS = 16
MOST_ARCHIVE = 200_000_000  # bytes that are downloaded for a leg
MOST_COMMENT = 65_000  # characters; GitHub refuses more than 65,536
PAGE = 100  # entries that GitHub gives at once, at most
MOST_PAGES = 100
MOST_NAMES = (
    20  # of files that are listed; with the rest of what is put before a text, ROOM suffices
)
ROOM = 3_000  # characters
# What judges a pull request: docs/gate.md has what the gate makes of each.
JUDGES = re.compile(
    r"(edgeassay|fixtures|suites|baselines|\.ci|\.github)/.*|models/[^/]+/(model|variants/[^/]+)\.toml"
    r"|(gate|compare|pyproject)\.toml|conftest\.py|tox\.ini|action\.yml",
    re.DOTALL,
)
PLAIN = re.compile(r"[\w./-]{1,100}", re.ASCII)  # a name that can be shown as it is
MARK = "<!-- edgeassay -->"
BOT = "github-actions[bot]"
CONCLUSIONS = ("success", "failure", "cancelled", "timed_out", "action_required", "neutral")
TIMEOUT_S = 120.0


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do one of the three."""
    step, *places = words
    folder = Path(places[0])
    if step == "fetch":
        fetch(folder, environment)
    elif step == "render":
        render(folder, Path(places[1]), environment)
    else:
        post(folder, environment)
    return 0


def gh(*words: str, given: str | None = None) -> bytes:
    """What GitHub's API says; it is asked by GitHub's own program, without a shell."""
    done = subprocess.run(
        ["gh", "api", *words],
        input=None if given is None else given.encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=TIMEOUT_S,
    )
    return done.stdout


def fetch(folder: Path, environment: Mapping[str, str]) -> None:
    """Leave each leg's results in a folder of its name; what is refused leaves an empty one."""
    repository, run = environment["GITHUB_REPOSITORY"], int(environment["RUN_ID"])
    folder.mkdir(parents=True)
    listed = paged(f"repos/{repository}/actions/runs/{run}/artifacts", "artifacts")
    found = [one for one in listed if LEG.fullmatch(one["name"])]
    for one in found[:MOST_LEGS]:
        name, size = one["name"], int(one["size_in_bytes"])
        archive = folder / f"{name}.zip"
        if one["expired"] or size > MOST_ARCHIVE:
            print(f"{name}: left out, with {size:,} bytes")
            (folder / name).mkdir(exist_ok=True)
            continue
        archive.write_bytes(gh(f"repos/{repository}/actions/artifacts/{int(one['id'])}/zip"))
        legs.main([str(archive), str(folder / name)])
        archive.unlink()


def render(folder: Path, place: Path, environment: Mapping[str, str]) -> None:
    """Write the comment, with this checkout's code alone."""
    from edgeassay.errors import EdgeassayError
    from edgeassay.matrix_report.rows import Run
    from edgeassay.privacy import redactor
    from edgeassay.report.markdown import escaped
    from edgeassay.report.reading import read_results
    from edgeassay.report.redaction import redacted
    from edgeassay.summary.markdown import summary_markdown

    eraser = redactor(Path.cwd())
    runs, refused = [], []
    for leg in sorted(path for path in folder.iterdir() if LEG.fullmatch(path.name)):
        if not (leg / "results.json").exists():
            refused.append(f"- {leg.name} isn't shown: this comment's own run says why")
            continue
        try:
            results = redacted(read_results(leg / "results.json"), eraser)
            runs.append(Run(where=leg.name, results=results))
        except EdgeassayError as error:
            told = str(error).replace(str(folder), "").strip("/")
            refused.append(f"- {leg.name} isn't shown: {escaped(told)[:500]}")
    conclusion = environment["CONCLUSION"]
    conclusion = conclusion if conclusion in CONCLUSIONS else "unknown"
    server, repository = environment["GITHUB_SERVER_URL"], environment["GITHUB_REPOSITORY"]
    link = f"{server}/{repository}/actions/runs/{int(environment['RUN_ID'])}"
    head = [
        MARK,
        f"The [run]({link}) ended as **{conclusion}**; its check `edgeassay gate` decides, and this"
        " is what its legs measured.",
        "",
        *refused,
        "",
    ]
    text = "\n".join(head)
    left = MOST_COMMENT - ROOM - len(text.encode())
    try:
        body = (
            summary_markdown(runs, title="edgeassay", limit_bytes=left)
            if runs
            else "No leg left results that can be read.\n"
        )
    except EdgeassayError as error:
        body = f"The legs can't be shown together: {escaped(str(error))[:1000]}\n"
    place.write_text(text + body, encoding="utf-8")


def post(place: Path, environment: Mapping[str, str]) -> None:
    """Post it on every open pull request of that commit, once on each."""
    repository = environment["GITHUB_REPOSITORY"]
    text = place.read_text(encoding="utf-8")
    if not text.startswith(MARK) or len(text) > MOST_COMMENT:
        raise SystemExit(f"comment: {place} isn't what `render` writes")
    numbers = pull_requests(repository, environment)
    if not numbers:
        print("no open pull request has that commit at its head any more: nothing is posted")
    for number in numbers:
        comments = f"repos/{repository}/issues/{number}/comments"
        known = paged(comments)
        own = [c["id"] for c in known if c["user"]["login"] == BOT and c["body"].startswith(MARK)]
        where = f"repos/{repository}/issues/comments/{int(own[0])}" if own else comments
        method = "PATCH" if own else "POST"
        body = text.replace(MARK, f"{MARK}{changed(repository, number)}", 1)
        gh("--method", method, where, "--input", "-", given=json.dumps({"body": body}))
        print(f"{method} on pull request {number}")


def changed(repository: str, number: int) -> str:
    """That a pull request changes files which judge it, in words; nothing if it changes none."""
    files = paged(f"repos/{repository}/pulls/{number}/files")
    names = {str(one.get(key) or "") for one in files for key in ("filename", "previous_filename")}
    found = sorted(name for name in names if JUDGES.fullmatch(name))
    if not found:
        return ""
    shown = [f"`{n}`" if PLAIN.fullmatch(n) else "one with an unusual name" for n in found]
    more = f" and {len(found) - MOST_NAMES:,} more" if len(found) > MOST_NAMES else ""
    return (
        f"\n**This pull request changes what judges it**: {', '.join(shown[:MOST_NAMES])}{more}."
        " The check `edgeassay gate` says what lets more through.\n"
    )


def paged(path: str, key: str | None = None) -> list[Any]:
    """All entries that GitHub has there, page by page; under `key` where an answer has more."""
    found: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        answer = json.loads(gh(f"{path}?per_page={PAGE}&page={page}"))
        entries = answer if key is None else answer[key]
        found += entries
        if len(entries) < PAGE:
            return found
    raise SystemExit(f"comment: {path} has more than {MOST_PAGES * PAGE:,} entries")


def pull_requests(repository: str, environment: Mapping[str, str]) -> list[int]:
    """Those that are open and have the run's commit at their head, by GitHub's own word."""
    owner = environment["HEAD_REPOSITORY"].partition("/")[0]
    head = f"head={owner}:{environment['HEAD_BRANCH']}"
    words = ("--method", "GET", f"repos/{repository}/pulls", "-f", "state=open", "-f", head)
    words += ("-f", f"per_page={PAGE}")
    found: list[Any] = json.loads(gh(*words))
    return [
        int(one["number"])
        for one in found
        if one["head"]["sha"] == environment["HEAD_SHA"]
        and (one["head"]["repo"] or {}).get("full_name") == environment["HEAD_REPOSITORY"]
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
