"""How much of a signal is left: the ratio of its power to that of the noise."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def snr_db(signal: npt.NDArray[np.floating], received: npt.NDArray[np.floating]) -> float:
    """The signal-to-noise ratio in dB: 10 log10 of the sum of the signal's squares by that of the
    squared differences, over all entries at once; infinite where nothing differs, and minus
    infinity where the signal is all zeros and something does.

    With what a quantizer did as noise it is the SQNR of Lin, Talathi and Annapureddy, Fixed Point
    Quantization of Deep Convolutional Networks, ICML 2016.
    """
    if signal.shape != received.shape:
        raise ValueError(f"shapes differ: {signal.shape} and {received.shape}")
    sent, got = signal.astype(np.float64), received.astype(np.float64)
    # Both by the same number, which keeps squares of the smallest and the largest finite.
    largest = max(np.abs(sent).max(initial=0.0), np.abs(got).max(initial=0.0)) or 1.0
    power = float(np.square(sent / largest).sum())
    noise = float(np.square((sent - got) / largest).sum())
    if noise == 0.0:
        return math.inf
    return 10.0 * math.log10(power / noise) if power > 0.0 else -math.inf
