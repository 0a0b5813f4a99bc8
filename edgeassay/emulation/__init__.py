"""Another instruction set on this machine: user-mode QEMU, a Python of that architecture and its
runtimes, made by apt and pip in a folder of the project.
"""

from edgeassay.emulation.emulator import Emulator, emulator_for, emulators

__all__ = ["Emulator", "emulator_for", "emulators"]
