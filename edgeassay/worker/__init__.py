"""The device's side: a process that loads artifacts, runs them and times them.

It runs in the device's own Python (3.9 or later) with numpy and one runtime, and imports nothing
else of edgeassay: copy this folder to a device and start it as `python3 <folder>`.
"""
