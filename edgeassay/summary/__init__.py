"""A run in a few lines, for a pull request, a build server, a badge and a model's card."""
