"""A folder that shows a reviewer how a verdict came to be, and that nobody changed it since."""
