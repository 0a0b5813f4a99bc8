"""The embedded data set: generated images that look like chest radiographs, with 14 findings.

They are no medical images, and a number measured on them says nothing about patients. They are
made so that a network must learn faint, overlapping, partly mislabelled signs: some findings are
easy (AUC near 0.97), some hard (near 0.75), as in ChestX-ray14. Every image is a function of the
seed, its role and its number alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.atomic import sha256_of
from edgeassay.datasets.split import Members, Split, members_of
from edgeassay.spec import PhantomSource, Role

Plane = npt.NDArray[np.floating[Any]]  # float32; NumPy's types promise less

PATIENT_IMAGES: Final = 4  # at most; the number is drawn per patient
MISSED: Final = 0.06  # share of present findings that the label leaves out
SPURIOUS: Final = 0.022  # share of absent findings that the label names
NOISE_SD: Final = 0.030  # of a pixel, in units of the full range
TEXTURE_SD: Final = 0.045  # of the smooth background structure
# Ranges: lung width and height, heart width, scale across and down, ribs per unit.
ANATOMY: Final = (
    [0.27, 0.55, 0.22, 0.94, 0.94, 19.0],
    [0.33, 0.65, 0.29, 1.06, 1.06, 23.0],
)
# Ranges: shift across and down, gain, offset.
EXPOSURE: Final = ([-0.05, -0.05, 0.90, -0.04], [0.05, 0.05, 1.10, 0.04])


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """One image under way: pixel coordinates in [-1, 1], anatomy, and its random numbers."""

    x: Plane
    y: Plane
    lungs: Plane
    rng: np.random.Generator
    side: int

    def blob(self, cx: float, cy: float, rx: float, ry: float) -> Plane:
        """A Gaussian bump of height 1."""
        spread: Plane = ((self.x - cx) / rx) ** 2 + ((self.y - cy) / ry) ** 2
        return np.exp(-spread)

    def uniform(self, low: float, high: float) -> float:
        """A random number, as a Python float, which leaves single precision single."""
        return float(self.rng.uniform(low, high))

    def lung_point(self, low: float = -0.45, high: float = 0.35) -> tuple[float, float]:
        """A point inside the lung of this image's side, between two heights."""
        return self.side * self.uniform(0.28, 0.52), self.uniform(low, high)


def logistic(z: Plane) -> Plane:
    """A soft step from 0 to 1."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -40.0, 40.0)))


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Plane:
    """Random structure of `cells` bumps across, standard deviation about 1."""
    coarse = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    fine: Plane = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    return fine / (float(fine.std()) + 1e-9)


def atelectasis(c: Canvas) -> Plane:
    cx, cy = c.lung_point(0.0, 0.3)
    slope = c.uniform(-0.35, 0.35)
    line = c.y - cy - slope * (c.x - cx)
    return 0.16 * np.exp(-((line / 0.035) ** 2)) * c.blob(cx, cy, 0.24, 0.6)


def cardiomegaly(c: Canvas) -> Plane:
    width = c.uniform(0.36, 0.52)
    return 0.16 * logistic((1.0 - np.hypot((c.x - 0.08) / width, (c.y - 0.32) / 0.30)) * 9.0)


def effusion(c: Canvas) -> Plane:
    level = c.uniform(0.18, 0.38)
    meniscus = 0.5 * (np.abs(c.x) - 0.4) ** 2 + 0.12 * np.abs(c.x)
    return 0.20 * logistic((c.y - level + meniscus) * 22.0) * (c.x * c.side > 0.12) * c.lungs


def infiltration(c: Canvas) -> Plane:
    cx, cy = c.lung_point()
    patches = np.clip(smooth_noise(c.rng, c.x.shape[0], 14), 0.0, None)
    return 0.055 * patches * c.blob(cx, cy, 0.26, 0.34)


def mass(c: Canvas) -> Plane:
    cx, cy = c.lung_point()
    radius = c.uniform(0.11, 0.19)
    return 0.17 * logistic((1.0 - np.hypot((c.x - cx) / radius, (c.y - cy) / radius)) * 6.0)


def nodule(c: Canvas) -> Plane:
    total = np.zeros_like(c.x)
    for _ in range(int(c.rng.integers(1, 4))):
        cx, cy = c.lung_point()
        radius = c.uniform(0.035, 0.060)
        total += 0.21 * c.blob(cx, cy, radius, radius)
    return total


def pneumonia(c: Canvas) -> Plane:
    cx, cy = c.lung_point(0.05, 0.35)
    grain = 1.0 + 0.5 * smooth_noise(c.rng, c.x.shape[0], 20)
    return 0.085 * grain * c.blob(cx, cy, 0.22, 0.22)


def pneumothorax(c: Canvas) -> Plane:
    rim = np.hypot((c.x - c.side * 0.36) / 0.30, (c.y + 0.08) / 0.62)
    outer = logistic((rim - c.uniform(0.66, 0.80)) * 18.0) * (c.x * c.side > 0.36)
    return -0.13 * outer * c.lungs * logistic((0.25 - c.y) * 9.0)


def consolidation(c: Canvas) -> Plane:
    cx, cy = c.lung_point()
    rx, ry = c.uniform(0.14, 0.22), c.uniform(0.16, 0.26)
    edge = 1.0 - np.hypot((c.x - cx) / rx, (c.y - cy) / ry)
    return 0.15 * logistic(edge * 12.0) * (c.y < cy + 0.6 * ry)


def edema(c: Canvas) -> Plane:
    wings = c.blob(-0.24, 0.02, 0.20, 0.34) + c.blob(0.24, 0.02, 0.20, 0.34)
    return 0.13 * wings


def emphysema(c: Canvas) -> Plane:
    return -0.075 * c.lungs + 0.05 * np.exp(-(((c.y - 0.56) / 0.05) ** 2)) * c.lungs


def fibrosis(c: Canvas) -> Plane:
    size = c.x.shape[0]
    net = np.abs(smooth_noise(c.rng, size, size // 3))
    return 0.060 * net * logistic((c.y + 0.05) * 9.0) * c.lungs


def pleural_thickening(c: Canvas) -> Plane:
    rim = np.hypot((c.x - c.side * 0.40) / 0.31, (c.y + 0.06) / 0.64)
    return 0.15 * np.exp(-(((rim - 0.97) / 0.06) ** 2)) * (c.x * c.side > 0.45)


def hernia(c: Canvas) -> Plane:
    ring = np.hypot((c.x + 0.04) / 0.15, (c.y - 0.42) / 0.13)
    return 0.16 * np.exp(-(((ring - 1.0) / 0.22) ** 2)) - 0.12 * (ring < 0.85)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How a finding is drawn, how often it is there, and how strong it typically is."""

    draw: Callable[[Canvas], Plane]
    prevalence: float
    contrast: float


FINDINGS: Final[Mapping[str, Finding]] = {
    "Atelectasis": Finding(draw=atelectasis, prevalence=0.16, contrast=0.70),
    "Cardiomegaly": Finding(draw=cardiomegaly, prevalence=0.14, contrast=0.62),
    "Effusion": Finding(draw=effusion, prevalence=0.20, contrast=0.65),
    "Infiltration": Finding(draw=infiltration, prevalence=0.20, contrast=0.85),
    "Mass": Finding(draw=mass, prevalence=0.14, contrast=0.70),
    "Nodule": Finding(draw=nodule, prevalence=0.16, contrast=0.75),
    "Pneumonia": Finding(draw=pneumonia, prevalence=0.13, contrast=0.75),
    "Pneumothorax": Finding(draw=pneumothorax, prevalence=0.14, contrast=0.75),
    "Consolidation": Finding(draw=consolidation, prevalence=0.16, contrast=0.62),
    "Edema": Finding(draw=edema, prevalence=0.12, contrast=0.45),
    "Emphysema": Finding(draw=emphysema, prevalence=0.12, contrast=0.55),
    "Fibrosis": Finding(draw=fibrosis, prevalence=0.13, contrast=0.60),
    "Pleural_Thickening": Finding(draw=pleural_thickening, prevalence=0.14, contrast=0.42),
    "Hernia": Finding(draw=hernia, prevalence=0.10, contrast=0.26),
}


def draw_findings(
    rng: np.random.Generator,
) -> tuple[dict[str, float], npt.NDArray[np.int8]]:
    """What an image shows (name -> contrast), and what its label says (int8, 14)."""
    illness = rng.gamma(2.0, 0.5)  # findings come together: mean 1
    chance = rng.random(len(FINDINGS))
    strength = np.exp(0.45 * rng.standard_normal(len(FINDINGS)))
    error = rng.random(len(FINDINGS))
    shown: dict[str, float] = {}
    labels = np.zeros(len(FINDINGS), np.int8)
    for k, (name, finding) in enumerate(FINDINGS.items()):
        present = chance[k] < min(0.6, finding.prevalence * illness)
        if present:
            shown[name] = float(finding.contrast * strength[k])
        labels[k] = error[k] >= MISSED if present else error[k] < SPURIOUS
    return shown, labels


def draw_image(
    rng: np.random.Generator,
    patient: np.random.Generator,
    shown: Mapping[str, float],
    size: int,
) -> Image.Image:
    """An 8-bit grey image of one patient's chest with the given findings."""
    axis = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    width, height, heart, wide, tall, period = patient.uniform(*ANATOMY).tolist()
    dx, dy, gain, offset = rng.uniform(*EXPOSURE).tolist()
    x, y = np.meshgrid(axis * wide + dx, axis * tall + dy)

    rims = [1.0 - np.hypot((x - s * 0.38) / width, (y + 0.06) / height) for s in (-1, 1)]
    diaphragm = logistic((0.52 - y - 0.10 * np.cos(3.0 * x)) * 14.0)
    lungs = np.maximum(logistic(rims[0] * 9.0), logistic(rims[1] * 9.0)) * diaphragm
    body = logistic((1.15 - np.hypot(x / 0.92, y / 1.25)) * 10.0)
    image = 0.10 + 0.52 * body - 0.34 * lungs
    image += 0.20 * np.exp(-((x / 0.11) ** 2)) * body
    image += 0.18 * logistic((1.0 - np.hypot((x - 0.10) / heart, (y - 0.30) / 0.27)) * 9.0)
    ribs = np.sin((y + 0.42 * x * x) * period)
    image += 0.030 * ribs * logistic((0.95 - np.abs(x)) * 12.0) * body
    image += TEXTURE_SD * smooth_noise(rng, size, 9) * body

    for name, contrast in shown.items():
        side = 1 if rng.random() < 0.5 else -1
        canvas = Canvas(x=x, y=y, lungs=lungs, rng=rng, side=side)
        image = image + contrast * FINDINGS[name].draw(canvas)

    image = gain * image + offset
    image += NOISE_SD * rng.standard_normal((size, size), dtype=np.float32)
    return Image.fromarray(np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8))


@dataclass(frozen=True)
class Phantom:
    """The generated data set: patients with one to four images each, none in two splits."""

    settings: PhantomSource

    @property
    def where(self) -> str:
        return f"phantom (seed {self.settings.seed})"

    @property
    def classes(self) -> Sequence[str]:
        return self.settings.class_names

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        return {role: self._split(role, count) for role, count in self.settings.images.items()}

    @property
    def unused(self) -> Sequence[Split]:
        return ()

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        return members_of(self.splits)

    def _split(self, role: Role, count: int) -> Split:
        keys: list[tuple[int, int]] = []
        sizes = np.random.default_rng([self.settings.seed, list(Role).index(role)])
        patient = 0
        while len(keys) < count:
            keys += [(patient, k) for k in range(int(sizes.integers(1, PATIENT_IMAGES + 1)))]
            patient += 1
        keys = keys[:count]
        labels = [draw_findings(self._rng(role, *key))[1] for key in keys]
        return Split(
            name=role.value,
            names=[f"{role.value}-{p:05d}-{k}" for p, k in keys],
            labels=np.array(labels, np.int8).reshape(count, len(FINDINGS)),
            patients=[f"{role.value}-{p:05d}" for p, _ in keys],
            load=partial(self._load, role, keys),
            digest=partial(self._digest, role, keys),
        )

    def _rng(self, role: Role, patient: int, image: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, list(Role).index(role), patient, image])

    def _load(self, role: Role, keys: Sequence[tuple[int, int]], index: int) -> Image.Image:
        patient, image = keys[index]
        rng = self._rng(role, patient, image)
        shown, _ = draw_findings(rng)
        anatomy = self._rng(role, patient, PATIENT_IMAGES)
        return draw_image(rng, anatomy, shown, self.settings.size)

    def _digest(self, role: Role, keys: Sequence[tuple[int, int]], index: int) -> bytes:
        s = self.settings
        image = f"{_code()} seed {s.seed} size {s.size} {role.value} {keys[index]}"
        return hashlib.sha256(image.encode("utf-8")).digest()


@cache
def _code() -> str:
    """The digest of this file: another code draws other images."""
    return sha256_of(Path(__file__))
