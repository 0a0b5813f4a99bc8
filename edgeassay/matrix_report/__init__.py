"""`edgeassay matrix`: runs on several runtimes, devices and machines in one table."""
