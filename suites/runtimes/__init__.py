"""What needs environments of their own: skipped where they aren't there, with how to install it."""
