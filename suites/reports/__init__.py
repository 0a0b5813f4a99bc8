"""From results to a decision: the gate, reports, evidence."""
