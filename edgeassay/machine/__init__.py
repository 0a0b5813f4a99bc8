"""Which machine this is: what decides how fast a network runs here, as a fingerprint."""

from edgeassay.machine.fingerprint import (
    Hardware,
    Machine,
    architecture,
    fingerprint_of,
    hashed,
    processor_of,
    recorded,
    this_machine,
    usable_cpus,
)
from edgeassay.machine.gpu import gpu_driver

__all__ = [
    "Hardware",
    "Machine",
    "architecture",
    "fingerprint_of",
    "gpu_driver",
    "hashed",
    "processor_of",
    "recorded",
    "this_machine",
    "usable_cpus",
]
