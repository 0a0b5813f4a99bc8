"""`edgeassay report`: what is made of results for those who decide."""
