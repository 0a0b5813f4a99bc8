"""How bright the images of a data set are, and of how many bits: a wrong `white` shows there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.preprocess import WHITE_8_BIT, WHITE_16_BIT

# An image is dark if its brightest pixel, so many times as bright, doesn't reach white.
DARK: Final = 10
UNREAD: Final = -1


@dataclass(frozen=True, kw_only=True)
class Tones:
    """Of each image, `brightest` is the largest number of its pixels, `UNREAD` where it can't be
    read, and `deep` says whether it has 16 bits a channel, and not 8.
    """

    brightest: npt.NDArray[np.int32]
    deep: npt.NDArray[np.bool_]

    def dark(self, white: int | None) -> int:
        """How many images never reach a tenth of white: the one given, or that of their bits."""
        whites = np.where(self.deep, WHITE_16_BIT, WHITE_8_BIT) if white is None else white
        seen = self.brightest != UNREAD
        return int((seen & (DARK * self.brightest < whites)).sum())

    @property
    def eight_bit(self) -> int:
        """How many images have 8 bits."""
        return int(((self.brightest != UNREAD) & ~self.deep).sum())

    @property
    def shallow(self) -> int:
        """How many images have 8 bits where others have 16."""
        return self.eight_bit if self.deep.any() else 0
