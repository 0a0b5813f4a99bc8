"""What a run leaves behind: results.json, and the closing table."""
