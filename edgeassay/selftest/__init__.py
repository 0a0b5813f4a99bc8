"""`edgeassay selftest`: known answers and planted regressions, on this machine."""

from edgeassay.selftest.record import SelftestRecord, read_selftest
from edgeassay.selftest.running import run_selftest

__all__ = ["SelftestRecord", "read_selftest", "run_selftest"]
