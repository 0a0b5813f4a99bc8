"""A run as one page: the verdict first, then pictures, numbers and what they rest on."""

from edgeassay.html_report.page import html_page

__all__ = ["html_page"]
