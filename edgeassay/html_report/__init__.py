"""A run as one page: the verdict first, then pictures, numbers and what they rest on."""
