"""Which runtimes there are, whether they work here, and what installs them."""
