"""Takes what may be told of a leg out of its archive: a run's artifacts are data of strangers.

`legs.py ARCHIVE.zip FOLDER` leaves results.json and ab.json in FOLDER and nothing else; names are
compared and never used as paths, links and devices are refused, and sizes are bounded while they
are unpacked, since an archive may lie about them.
"""

import stat
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

WANTED = ("results.json", "ab.json")
MOST_BYTES = 64_000_000  # of a file; a run of a hundred cases has a few
MOST_ENTRIES = 10_000
PIECE = 1 << 20


class Refused(Exception):
    """What is wrong with an archive."""


def main(words: Sequence[str]) -> int:
    """0 where there was something to take, 2 where it is refused."""
    archive, folder = map(Path, words)
    try:
        found = take(archive, folder)
    except (Refused, OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as why:
        print(f"{archive.name}: {str(why)!a}", file=sys.stderr)
        return 2
    print(f"{archive.name}: {', '.join(found)}")
    return 0


def take(archive: Path, folder: Path) -> list[str]:
    """The names of the files that are now in the folder."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        if len(entries) > MOST_ENTRIES:
            raise Refused(f"it has {len(entries)} entries")
        names = [entry.filename for entry in entries]
        found = [name for name in WANTED if name in names]
        if "results.json" not in found:
            raise Refused("it has no results.json")
        for name in found:
            if names.count(name) > 1:
                raise Refused(f"it has {name} more than once")
            _copy(opened, opened.getinfo(name), folder / name)
    return found


def _copy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    mode = entry.external_attr >> 16
    if entry.is_dir() or (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
        raise Refused(f"{place.name} is no plain file")
    left = MOST_BYTES
    with opened.open(entry) as source, place.open("xb") as made:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise Refused(f"{place.name} has more than {MOST_BYTES:,} bytes")
            made.write(piece)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
