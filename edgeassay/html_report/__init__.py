"""A run as one page: the verdict first, then pictures, numbers and what they rest on."""

from edgeassay.html_report.changed import Compared, compared, read_compared
from edgeassay.html_report.page import html_page

__all__ = ["Compared", "compared", "html_page", "read_compared"]
