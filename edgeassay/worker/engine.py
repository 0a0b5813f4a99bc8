"""What an adapter for a runtime offers: one class a runtime, made from an artifact's path."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Protocol, Sequence

import numpy as np

TensorFacts = Dict[str, Any]
"""name, shape, dtype (numpy's name), and for integers scale and zero_point."""


class Refused(Exception):
    """The runtime doesn't accept the artifact, or fails while it runs it."""


class Broken(Exception):
    """The runtime is installed and can't be used, whatever the artifact."""


class Misused(Exception):
    """The host asks the runtime for what it doesn't know, whatever the artifact."""


class Unrepeatable(Exception):
    """The artifact's outputs don't follow from its inputs alone."""


class Unavailable(Exception):
    """What the artifact shall run on isn't here: an accelerator, for one."""


class Engine(Protocol):
    """A loaded artifact.

    One whose work may go on after it was asked for it has a method `launch` too: `invoke` without
    waiting for the end, for which `get_outputs` then waits.
    """

    @property
    def inputs(self) -> List[TensorFacts]:
        """Its inputs, in order."""

    @property
    def outputs(self) -> List[TensorFacts]:
        """Its outputs, in order."""

    @property
    def facts(self) -> Dict[str, Any]:
        """What else its runtime says of it."""

    def batched(self, count: int) -> Optional["Engine"]:
        """The same artifact for `count` rows at once; None where it says that it can't."""

    def reset(self) -> None:
        """Forget what inferences before left in it, as if it were loaded anew."""

    def set_inputs(self, arrays: Sequence["np.ndarray[Any, Any]"]) -> None:
        """Copy the arrays into the input tensors; Refused where dtype or shape differ."""

    def invoke(self) -> None:
        """Run the network once: this alone is timed."""

    def get_outputs(self) -> List["np.ndarray[Any, Any]"]:
        """Copies of the output tensors; Refused where one can't be read."""
