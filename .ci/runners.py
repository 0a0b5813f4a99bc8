"""Which runners measure: reads EDGEASSAY_RUNNERS, a repository variable, and writes two matrices
for the workflow, `hosted` and `self-hosted`. What isn't one of the runners below is refused.

A leg is {"leg": ID, "labels": [...], "device": ID or ""}. For a pull request from a fork no leg is
self-hosted, whatever the variable says: the gate then misses what it expects of that leg.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT = [
    {"leg": "x86-64", "labels": ["ubuntu-24.04"]},
    {"leg": "arm64", "labels": ["ubuntu-24.04-arm"]},
]
HOSTED = ("ubuntu-24.04", "ubuntu-24.04-arm")
SELF_HOSTED = ("self-hosted", "linux")  # how such a leg's labels begin
ARCHITECTURES = ("ARM64", "X64")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KEYS = {"leg", "labels", "device"}
MOST_LEGS = 16
MOST_CHARACTERS = 10_000


class Refused(Exception):
    """What is wrong with the variable, and what to do."""


def main(environment: Mapping[str, str]) -> int:
    """Write both matrices to $GITHUB_OUTPUT; 2 where the variable is no list of legs."""
    try:
        legs = parsed(environment.get("EDGEASSAY_RUNNERS", ""))
    except Refused as error:
        print(f"EDGEASSAY_RUNNERS: {error}; docs/ci.md has examples", file=sys.stderr)
        return 2
    fork = environment.get("FORK") != "false"
    hosted = [leg for leg in legs if not leg["self_hosted"]]
    own = [leg for leg in legs if leg["self_hosted"]]
    for leg in own if fork else []:
        print(f"{leg['leg']}: left out, since a fork's code never runs on a machine of ours")
    lines = [f"hosted={json.dumps(hosted)}", f"self-hosted={json.dumps([] if fork else own)}"]
    with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


def parsed(text: str) -> list[dict[str, Any]]:
    """The legs that it names, or the hosted ones where it is empty."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"it has {len(text)} characters, and {MOST_CHARACTERS} are enough")
    try:
        found = json.loads(text) if text.strip() else DEFAULT
    except (ValueError, RecursionError):
        raise Refused("it is no JSON") from None
    if not isinstance(found, list) or not 0 < len(found) <= MOST_LEGS:
        raise Refused(f"it must be a list of 1 to {MOST_LEGS} legs")
    legs = [checked(number, one) for number, one in enumerate(found)]
    names = [leg["leg"] for leg in legs]
    if len(set(names)) < len(names):
        raise Refused("two legs have the same name")
    return legs


def checked(number: int, one: Any) -> dict[str, Any]:
    """A leg with all of its keys."""
    where = f"leg {number}"
    if not isinstance(one, dict) or not set(one) <= KEYS or not {"leg", "labels"} <= set(one):
        raise Refused(f"{where} must be an object with `leg`, `labels` and maybe `device`")
    for key in ("leg", "device"):
        value = one.get(key, "")
        absent = key == "device" and value == ""
        if not absent and not (isinstance(value, str) and NAME.fullmatch(value)):
            raise Refused(f"{where} has a `{key}` that isn't of small letters, digits and hyphens")
    labels = one["labels"]
    own = is_self_hosted(labels)
    if not own and not (isinstance(labels, list) and len(labels) == 1 and labels[0] in HOSTED):
        raise Refused(
            f"{where} has labels of no runner that is known: give one of {', '.join(HOSTED)}, or"
            f" {', '.join(SELF_HOSTED)} with {' or '.join(ARCHITECTURES)} and, if need be, others"
        )
    return {
        "leg": one["leg"],
        "labels": labels,
        "device": one.get("device", ""),
        "self_hosted": own,
    }


def is_self_hosted(labels: Any) -> bool:
    """Whether they are such as [self-hosted, linux, X64, gpu]."""
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return False
    begin, (architecture, *further) = labels[:2], labels[2:] or [""]
    return (
        tuple(begin) == SELF_HOSTED
        and architecture in ARCHITECTURES
        and all(NAME.fullmatch(label) for label in further)
    )


if __name__ == "__main__":
    sys.exit(main(os.environ))
