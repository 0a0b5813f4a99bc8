"""Whether variants look where the reference looks: `edgeassay saliency`."""
