"""`edgeassay search`: the precision of every layer, by what is measured on the validation split."""
