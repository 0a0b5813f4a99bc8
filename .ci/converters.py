"""Installs what makes artifacts, unless pytest's options name a folder of made ones: a device that
only runs them needs no TensorFlow.
"""

import subprocess
import sys

GIVEN = "--artifacts"


def main(options: list[str]) -> int:
    """Install the extra `build` of the installed edgeassay; pip's exit code."""
    if any(word.partition("=")[0] == GIVEN for word in options):
        return 0
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    return subprocess.run([*pip, "edgeassay[build]"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
