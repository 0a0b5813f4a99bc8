"""How a smaller network is made of a trained one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeassay.spec.data import STRICT


class Importance(StrEnum):
    """What says how much a channel matters; docs/pruning.md has the formulas."""

    L1 = "l1"
    L2 = "l2"
    ACTIVATION = "activation"
    TAYLOR = "taylor"


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How the network of a variant is pruned: until it has `parameters` times fewer parameters than
    the model's own, or `macs` times fewer multiply-accumulates; one of them. Channels go by
    `importance`, seen where need be on `importance_images` of the training split; of every layer
    `least_channels` stay, in multiples of `align`.

    It goes in `steps`, each followed by `epochs` of fine-tuning, and ends with `final_epochs`, of
    which the best on the validation split is kept: batches of `batch` images, Adam with a cosine
    decay from `learning_rate`. Of the loss, a share of `distillation` is the distance to the
    outputs of the model's own network. It begins with the network of the variant `start`, or with
    the model's own. The rest is as in `Training`.
    """

    __pydantic_config__ = STRICT
    final_epochs: int
    learning_rate: float
    parameters: float | None = None
    macs: float | None = None
    importance: Importance = Importance.TAYLOR
    importance_images: int = 64
    least_channels: int = 1
    align: int = 1
    steps: int = 1
    epochs: int = 1
    batch: int = 32
    distillation: float = 0.5
    start: str | None = None
    seed: int = 0
    flip: bool = False
    shift: float = 0.0
    weight_classes: bool = False
    images: int | None = None

    @property
    def total_epochs(self) -> int:
        """Epochs of all steps, and the final ones."""
        return self.steps * self.epochs + self.final_epochs
