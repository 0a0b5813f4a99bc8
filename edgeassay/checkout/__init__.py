"""What git knows of a project, and whether files are as a commit has them.

Neither the environment nor the settings of a checkout can hide a change here.
"""

from edgeassay.checkout.commit import Checkout, checkout_of, git_environment, project_checkout
from edgeassay.checkout.reading import read_declared, recorded
from edgeassay.checkout.state import CODE, DECLARATIONS, State, state_of

__all__ = [
    "CODE",
    "DECLARATIONS",
    "Checkout",
    "State",
    "checkout_of",
    "git_environment",
    "project_checkout",
    "read_declared",
    "recorded",
    "state_of",
]
