"""Random small networks, as plain data: what Hypothesis draws, shrinks and prints.

Nothing here needs TensorFlow; `make.py` turns a blueprint into a network and its artifacts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

SIDE: Final = 16
IMAGES: Final = 4
# What one more layer may cost: larger ones find no more, and take longer.
MOST_NUMBERS: Final = 8192

ACTIVATIONS: Final = (
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softmax",
    "hard_silu",
    "silu",
    "gelu",
)
HEADS: Final = ("sigmoid", "softmax", "linear")
# What a network's weights are drawn as. plain: one spread for all; uneven: channels differ by up to
# a thousand times; dead: every other channel is zero; tiny: so small that 16 bits hold them as
# subnormals.
WEIGHTS: Final = ("plain", "uneven", "dead", "tiny")
# unit: [0, 1]; centred: [-1, 1]; bytes: [0, 255]; dark: nothing but zeros.
PIXELS: Final = ("unit", "centred", "bytes", "dark")

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer: its kind, which earlier tensors it takes (0 is the image), and its settings."""

    kind: str
    takes: tuple[int, ...]
    units: int = 0
    kernel: int = 1
    stride: int = 1
    same: bool = True
    activation: str = "linear"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A whole network, its weights by a seed, and the images that it is calibrated and run on."""

    channels: int
    layers: tuple[Layer, ...]
    classes: int
    head: str
    weights: str = "plain"
    pixels: str = "unit"
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The same for another process."""
        return asdict(self)

    def images(self) -> npt.NDArray[np.float32]:
        """What it is calibrated and run on, (IMAGES, SIDE, SIDE, channels)."""
        rng = np.random.default_rng(self.seed)
        low, high = {"unit": (0, 1), "centred": (-1, 1), "bytes": (0, 255), "dark": (0, 0)}[
            self.pixels
        ]
        shape = (IMAGES, SIDE, SIDE, self.channels)
        return rng.uniform(low, high, shape).astype(np.float32)


# One of each kind that matters: a bias, a window, a sum that quantizes twice, a dense head.
EXAMPLE: Final = Network(
    channels=3,
    layers=(
        Layer(kind="conv", takes=(0,), units=8, kernel=3, activation="relu6"),
        Layer(kind="depthwise", takes=(1,), kernel=3, activation="leaky_relu"),
        Layer(kind="batch_norm", takes=(2,)),
        Layer(kind="add", takes=(3, 1)),
        Layer(kind="concat", takes=(4, 2)),
        Layer(kind="average_pool", takes=(5,), kernel=2, stride=2),
        Layer(kind="conv", takes=(6,), units=16, kernel=3, stride=2, activation="silu"),
    ),
    classes=5,
    head="sigmoid",
    pixels="centred",
    seed=7,
)


def network_of(facts: dict[str, Any]) -> Network:
    """What `as_json` wrote."""
    layers = tuple(Layer(**layer | {"takes": tuple(layer["takes"])}) for layer in facts["layers"])
    return Network(**facts | {"layers": layers})


def side_after(side: int, layer: Layer) -> int:
    """The side of what a convolution or a pooling makes of a square."""
    if layer.same:
        return -(-side // layer.stride)
    return (side - layer.kernel) // layer.stride + 1


def _windowed(draw: st.DrawFn, kind: str, source: int, shape: Shape) -> tuple[Layer, Shape]:
    """A convolution or a pooling over a square."""
    layer = Layer(
        kind=kind,
        takes=(source,),
        units=draw(st.sampled_from((1, 3, 8, 16, 32))) if kind == "conv" else 0,
        kernel=draw(st.sampled_from([k for k in (1, 2, 3, 5) if k <= shape[0]])),
        stride=draw(st.sampled_from((1, 2))),
        same=draw(st.booleans()),
        activation=draw(st.sampled_from(ACTIVATIONS)) if "pool" not in kind else "linear",
    )
    side = side_after(shape[0], layer)
    return layer, (side, side, layer.units or shape[2])


def _joined(draw: st.DrawFn, source: int, shapes: list[Shape]) -> tuple[Layer, Shape]:
    """An addition or a concatenation of two tensors, which may be the same one."""
    shape = shapes[source]
    kind = draw(st.sampled_from(("add", "concat")))
    fits = [
        k
        for k, other in enumerate(shapes)
        if (other == shape if kind == "add" else other[:-1] == shape[:-1])
    ]
    other = draw(st.sampled_from(fits))
    made = shape if kind == "add" else (*shape[:-1], shape[-1] + shapes[other][-1])
    return Layer(kind=kind, takes=(source, other)), made


def _next_layer(draw: st.DrawFn, shapes: list[Shape]) -> tuple[Layer, Shape]:
    """Any layer that fits what is there; mostly on top of the newest tensor: what nothing takes
    isn't part of the network.
    """
    newest = len(shapes) - 1
    source = draw(st.sampled_from((newest, newest, newest, draw(st.integers(0, newest)))))
    shape = shapes[source]
    kinds = ["activation", "batch_norm", "join", "join"]
    if len(shape) == 3:
        kinds += ["conv", "conv", "conv", "depthwise", "depthwise", "max_pool", "average_pool"]
        kinds += ["global_pool", "flatten"]
    else:
        kinds += ["dense", "dense"]
    kind = draw(st.sampled_from(kinds))
    if kind in ("conv", "depthwise", "max_pool", "average_pool"):
        return _windowed(draw, kind, source, shape)
    if kind == "join":
        return _joined(draw, source, shapes)
    activation = draw(st.sampled_from(ACTIVATIONS)) if kind in ("dense", "activation") else "linear"
    units = draw(st.sampled_from((1, 4, 16, 64))) if kind == "dense" else 0
    made = {"global_pool": (shape[-1],), "flatten": (int(np.prod(shape)),), "dense": (units,)}
    layer = Layer(kind=kind, takes=(source,), units=units, activation=activation)
    return layer, made.get(kind, shape)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A network of 2 to 10 layers, the head included, over images of SIDE x SIDE."""
    channels = draw(st.sampled_from((1, 3)))
    shapes: list[Shape] = [(SIDE, SIDE, channels)]
    layers = []
    for _ in range(draw(st.integers(1, 8))):
        layer, shape = _next_layer(draw, shapes)
        if np.prod(shape) <= MOST_NUMBERS:
            layers.append(layer)
            shapes.append(shape)
    return Network(
        channels=channels,
        layers=tuple(layers),
        classes=draw(st.sampled_from((1, 2, 5))),
        head=draw(st.sampled_from(HEADS)),
        weights=draw(st.sampled_from(WEIGHTS)),
        pixels=draw(st.sampled_from(PIXELS)),
        seed=draw(st.integers(0, 2**16)),
    )
