"""`edgeassay matrix`: runs on several runtimes, devices and machines in one table."""

from edgeassay.matrix_report.command import matrix_command

__all__ = ["matrix_command"]
