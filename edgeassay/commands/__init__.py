"""The options of each command, and what its --help says. What it does is imported when it runs."""
