"""Files that `edgeassay judge` reads, and the command in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from typer.testing import CliRunner

from edgeassay.cli import app

Columns = Mapping[str, Any]
FEW: Final = "--resamples=200"


def write_table(path: Path, columns: Columns, *, newline: str = "\n", start: str = "") -> Path:
    """A CSV file of these columns."""
    rows = [columns.keys(), *zip(*columns.values(), strict=True)]
    text = "".join(",".join(str(cell) for cell in row) + newline for row in rows)
    path.write_bytes((start + text).encode())
    return path


@dataclass(frozen=True, kw_only=True)
class End:
    """How the command ended; `json` is what it has written, if anything."""

    code: int
    text: str
    json: Any = None


def judge(folder: Path, *words: str | Path, json_name: str = "out.json") -> End:
    """Run it with --json; an error of edgeassay's, which ends with exit code 2, is raised."""
    out = folder / json_name
    before = out.read_bytes() if out.exists() else None
    ended = CliRunner().invoke(app, ["judge", *map(str, words), "--json", str(out)])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        assert (out.read_bytes() if out.exists() else None) == before
        raise ended.exception
    written = json.loads(out.read_text(encoding="utf-8")) if ended.exit_code != 2 else None
    return End(code=ended.exit_code, text=ended.output, json=written)


def drawn(seed: int, images: int = 600, *, noise: float = 0.05) -> tuple[Columns, Columns, Columns]:
    """Labels of two findings, a reference's scores, and a candidate's near them."""
    rng = np.random.default_rng(seed)
    image = [f"{k:05d}.png" for k in range(images)]
    findings = {name: (rng.random(images) < share).astype(int) for name, share in SHARES.items()}
    first = {name: rng.normal(size=images) + 1.5 * y for name, y in findings.items()}
    second = {name: s + noise * rng.normal(size=images) for name, s in first.items()}
    return (
        {"image": image, **findings},
        {"image": image, **first},
        {"image": image, **second},
    )


SHARES: Final = {"Mass": 0.3, "Edema": 0.2}


@dataclass(kw_only=True)
class Files:
    """Three files in a folder, of which a test changes what it is about."""

    folder: Path
    labels: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, Any] = field(default_factory=dict)
    candidate: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, seed: int = 1, images: int = 600, *, noise: float = 0.05) -> Files:
        """Of two findings, as `drawn`."""
        made = [dict(columns) for columns in drawn(seed, images, noise=noise)]
        return cls(folder=folder, labels=made[0], reference=made[1], candidate=made[2])

    def judge(self, *words: str) -> End:
        """Write the files, and judge them."""
        paths = [
            f"--{name}={write_table(self.folder / f'{name}.csv', columns)}"
            for name, columns in (
                ("labels", self.labels),
                ("reference", self.reference),
                ("candidate", self.candidate),
            )
        ]
        return judge(self.folder, *paths, FEW, *words)


def same(one: End, two: End) -> bool:
    """Whether both found the same drops, whatever the files were called."""
    kept = ("verdict", "mean_auc", "classes", "left_out", "images", "patients")
    return {key: one.json[key] for key in kept} == {key: two.json[key] for key in kept}
