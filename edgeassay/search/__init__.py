"""`edgeassay search`: the precision of every layer, by what is measured on the validation split."""

from edgeassay.search.command import search_command

__all__ = ["search_command"]
