"""How much CPU time a process's control groups allow, in either version of them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath


def cpu_quota(root: Path) -> float | None:
    """CPUs that this process may keep busy by its control group and those above it, of which the
    least counts; None without a quota, or where there are no control groups.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8")
        mounts = (root / "proc/self/mountinfo").read_text(encoding="utf-8")
    except OSError:
        return None
    found = [_quota(root / folder.relative_to("/")) for folder in group_folders(groups, mounts)]
    return min((quota for quota in found if quota is not None), default=None)


def group_folders(groups: str, mounts: str) -> list[PurePosixPath]:
    """The folders of the control groups that may have a quota, each with those above it.

    `groups` is /proc/self/cgroup, `mounts` /proc/self/mountinfo (proc(5)). Within a container the
    group may lie beside what is mounted; what is mounted is the container's own group then.
    """
    names = {}
    for line in groups.splitlines():
        number, controllers, name = line.split(":", 2)
        if number == "0" or "cpu" in controllers.split(","):
            names["cgroup2" if number == "0" else "cgroup"] = PurePosixPath(name)
    folders = []
    for line in mounts.splitlines():
        words, _, kind = line.partition(" - ")
        mounted, place = (PurePosixPath(word) for word in words.split()[3:5])
        system, _, options = kind.partition(" ")
        one_of_many = system == "cgroup" and "cpu" not in options.split()[-1].split(",")
        if system not in names or one_of_many:
            continue
        inside = names[system].is_relative_to(mounted)
        folder = place / names[system].relative_to(mounted) if inside else place
        folders += [f for f in (folder, *folder.parents) if f.is_relative_to(place)]
    return folders


def _quota(folder: Path) -> float | None:
    """The quota of one group: version 2 has quota and period in a file, version 1 in two."""
    with suppress(OSError):
        return parse_quota((folder / "cpu.max").read_text(encoding="utf-8"))
    with suppress(OSError):
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        return parse_quota(" ".join((folder / n).read_text(encoding="utf-8") for n in names))
    return None


def parse_quota(text: str) -> float | None:
    """CPUs by "quota period", both in microseconds; None for "max" and -1, which are none."""
    try:
        quota, period = (int(word) for word in text.split())
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None
