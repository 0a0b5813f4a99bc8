"""From which size on one runtime is faster than another: `edgeassay break-even`; from which variant
on a CPU is faster than the whole network on an accelerator: `edgeassay overtake`.
"""
