"""Mistakes about samples and emulated devices."""

from __future__ import annotations

from suites.mistakes.breaking import DEVICE, changed, together
from suites.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        id="flag-images-one",
        command=("pytest", "--images=1"),
        code=4,
        what="a sample of 1 image has no two outcomes",
        where="--images",
        remedy="usage:",
    ),
    Mistake(
        id="flag-images-some",
        command=("pytest", "--images=some"),
        code=4,
        what="'some' is no positive number",
        where="--images",
        remedy="usage:",
    ),
    Mistake(
        id="sample-of-one-patient",
        command=("pytest", "--images=2"),
        code=4,
        what="have no class with both outcomes",
        where="--images = 2: so few images of split 'test'",
        remedy="take more",
    ),
    Mistake(
        id="sample-on-a-cluster",
        broken=changed(DEVICE, "[workers]", "[evaluation]\nimages = 20\n\n[workers]"),
        command=("pytest", "--on=dask://127.0.0.1:9"),
        code=4,
        what="a cluster (--on) evaluates whole splits",
        where="devices/bench.toml:evaluation.images",
        remedy="add --images=all, or leave --on out",
    ),
    Mistake(
        id="sample-of-nothing",
        broken=changed(DEVICE, "[workers]", "[evaluation]\nimages = 0\n\n[workers]"),
        code=4,
        what="must be from 2 to",
        where="devices/bench.toml: evaluation.images = 0",
        remedy="1,000,000",
    ),
    Mistake(
        id="emulated-unsaid",
        broken=changed(DEVICE, '["{python}"]', '["{emulator}/qemu", "python3"]'),
        code=4,
        what="runs in {emulator}, whose times say nothing of any device",
        where="devices/bench.toml: workers.litert",
        remedy="add `emulated = true`",
    ),
    Mistake(
        id="emulated-without-an-architecture",
        broken=together(
            changed(DEVICE, '["{python}"]', '["{emulator}/qemu"]'),
            changed(DEVICE, 'id = "bench"', 'id = "bench"\nemulated = true'),
        ),
        command=("pytest", "suites/artifact", "-k", "loads"),
        code=1,
        what="{emulator} stands for one of architecture aarch64, and the profile declares none",
        where="{emulator}",
        remedy="correct `architecture`",
        said=99,
        verdict="unmeasured",
    ),
    Mistake(
        id="emulators-nonsense-mirror",
        command=("edgeassay", "emulators", "--install", "--mirror", "nonsense"),
        code=2,
        what="is no address of packages",
        where="--mirror 'nonsense'",
        remedy="give one such as http://deb.debian.org/debian",
    ),
)
