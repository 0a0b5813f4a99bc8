"""Which variant to ship on a device, and why: `edgeassay advise`."""
