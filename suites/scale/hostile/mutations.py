"""Damage to files, drawn by a seed: to their bytes, to their words, and inside of archives."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

Rng: TypeAlias = np.random.Generator
Mutation: TypeAlias = Callable[[Rng, bytes], bytes]

LENGTHS: Final = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
# What stands in the place of a number, a word or a name.
WORDS: Final = (
    *("null", "-1", "0", "1e999", "-1e999", "NaN", "Infinity", "0.5", "99999999999999999999"),
    *("true", '""', '"x"', "[]", "{}", "[[[]]]", "1e-320", "0x7f", "2027-13-45", "--", "+5"),
    *('"\\u0000"', '"../../x"', "\u202e", "\ufeff", "\0", "9" * 400, "=1+1", "'", '"', "\\"),
)
TOKEN: Final = re.compile(r'"[^"\n]*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_][\w.-]*')


def any_of(*mutations: Mutation) -> Mutation:
    """One of these, drawn."""

    def mutate(rng: Rng, data: bytes) -> bytes:
        return mutations[int(rng.integers(len(mutations)))](rng, data)

    return mutate


def in_bytes(rng: Rng, data: bytes) -> bytes:
    """Bits turned, or bytes cut off, put in, taken out, repeated, exchanged or overwritten."""
    copy = bytearray(data)
    at = int(rng.integers(len(data)))
    length = int(rng.integers(1, 9))
    match int(rng.integers(9)):
        case 0 | 1:
            for place in rng.integers(len(data), size=int(rng.integers(1, 4))):
                copy[place] ^= 1 << int(rng.integers(8))
        case 2:
            del copy[at:]
        case 3:
            copy[at:at] = rng.bytes(length)
        case 4:
            del copy[at : at + length]
        case 5:
            copy[at : at + 4] = LENGTHS[int(rng.integers(len(LENGTHS)))]
        case 6:
            copy[at:at] = copy[at : at + 64 * length]
        case 7:
            other = int(rng.integers(len(data)))
            part = bytes(copy[other : other + 4 * length])
            copy[at : at + len(part)] = part
        case _:
            copy[at : at + 64 * length] = bytes(len(copy[at : at + 64 * length]))
    return bytes(copy)


def in_words(rng: Rng, data: bytes) -> bytes:
    """Numbers, words and names exchanged for others; lines taken out, repeated or exchanged."""
    text = data.decode("utf-8", "surrogateescape")
    tokens = list(TOKEN.finditer(text))
    lines = text.splitlines(keepends=True)
    one, two = (int(k) for k in rng.integers(len(lines), size=2))
    kind = int(rng.integers(8))
    if kind < 4 and tokens:
        token = tokens[int(rng.integers(len(tokens)))]
        word = WORDS[int(rng.integers(len(WORDS)))]
        text = text[: token.start()] + word + text[token.end() :]
    elif kind < 5 and tokens:
        first, second = (tokens[int(k)] for k in sorted(rng.integers(len(tokens), size=2)))
        text = text[: first.start()] + second.group() + text[first.end() :]
    else:
        match kind:
            case 5:
                del lines[one]
            case 6:
                lines.insert(one, lines[two])
            case _:
                lines[one], lines[two] = lines[two], lines[one]
        text = "".join(lines)
    return text.encode("utf-8", "surrogateescape")


def in_json(rng: Rng, data: bytes) -> bytes:
    """A value somewhere in a document exchanged for another, or taken out: JSON all the same."""
    document = json.loads(data)
    places = list(_places(document))
    holder, key = places[int(rng.integers(len(places)))]
    if rng.integers(4) == 0:
        del holder[key]
    else:
        holder[key] = _drawn_value(rng, holder[key])
    return json.dumps(document).encode("utf-8")


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every place of a value in a document: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            found.append((value, key))
            found += _places(inner)
    return found


def _drawn_value(rng: Rng, before: object) -> object:
    others: list[object] = [
        None,
        -1,
        0,
        1,
        1e308,
        -0.5,
        "",
        "x",
        [],
        {},
        True,
        False,
        float("nan"),
        10**30,
    ]
    if isinstance(before, int | float) and not isinstance(before, bool):
        others += [before * 1.001, before + 1, -before, before / 2, before * 1000]
    if isinstance(before, str):
        others += [before.upper(), before + " ", before[:-1], "pass", "fail", "unmeasured"]
    return others[int(rng.integers(len(others)))]


def in_member(mutation: Mutation) -> Mutation:
    """A mutation of one member of an archive, whose checksums are right again afterwards."""

    def mutate(rng: Rng, data: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info: archive.read(info) for info in archive.infolist()}
        chosen = list(members)[int(rng.integers(len(members)))]
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for info, content in members.items():
                kept = mutation(rng, content) if info is chosen and content else content
                archive.writestr(info.filename, kept, compress_type=info.compress_type)
        return made.getvalue()

    return mutate
