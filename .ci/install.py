"""Fills the one environment that all tox commands use: `python .ci/install.py EXTRA... -- WORD...`

It lies in `.tox/suite`, so that what one command has installed serves the next. The words are
pytest's options: if they name a folder of made artifacts, the extra `build` is left out, because a
device that only runs them needs no TensorFlow. What is installed already is left as it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITE = Path(os.environ.get("TOX_WORK_DIR", ROOT / ".tox")) / "suite"
GIVEN = "--artifacts"
# Headers for C++ programs, a fifth of TensorFlow: nothing here compiles any.
HEADERS = "lib/python*/site-packages/tensorflow/include"


def main(words: list[str]) -> int:
    """Install this checkout with some extras; uv's exit code."""
    at = words.index("--") if "--" in words else len(words)
    extras, options = words[:at], words[at + 1 :]
    if any(word.partition("=")[0] == GIVEN for word in options):
        extras.remove("build")
    for command in (
        # With pip, by which `edgeassay runtimes` and `emulators` install.
        ["venv", "--allow-existing", "--seed", "--python", sys.executable, str(SUITE)],
        ["pip", "install", "--python", str(SUITE), "--editable", f".[{','.join(extras)}]"],
    ):
        code = subprocess.run(["uv", *command, "--quiet"], cwd=ROOT, check=False).returncode
        if code:
            return code
    for headers in SUITE.glob(HEADERS):
        shutil.rmtree(headers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
