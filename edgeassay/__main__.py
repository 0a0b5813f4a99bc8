"""`python -m edgeassay`."""

from edgeassay.cli import main

main()
