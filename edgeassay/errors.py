"""The one error tree. Each message says what is wrong, where, and what to do about it."""

from collections.abc import Sequence


def why(error: OSError) -> str:
    """What the system says of a failure, without its number and the path that is named already."""
    return error.strerror or str(error)


def why_no_json(error: Exception) -> str:
    """What is wrong with a text that isn't read as JSON, in words that aren't Python's own."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if "int_max_str_digits" in str(error):
        return "it has a whole number of thousands of digits"
    return str(error)


def some(names: Sequence[str], most: int = 3) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def last_words(log: str, lines: int = 4) -> str:
    """The last lines of what a process said; of an error in Python the sentence alone."""
    spoken = [line.strip() for line in log.split("\n") if line.strip()]
    if "Traceback (most recent call last):" in spoken:
        return spoken[-1].partition(": ")[2] or spoken[-1]
    return " ".join(line for line in spoken[-lines:] if not line.startswith("INFO"))


class EdgeassayError(Exception):
    """Something that stops a step, told in one sentence for the person who can mend it."""


class ConfigError(EdgeassayError):
    """A TOML file, an option or an environment variable says what can't be followed."""


class DataError(EdgeassayError):
    """A data set is here, but isn't what its declaration says."""


class Absent(EdgeassayError):
    """Data, a device, a runtime or timing isn't available: the claim stays `unmeasured`."""


class Broken(Absent):
    """A runtime is installed and can't be used, whatever the artifact."""


class Unreached(Absent):
    """The machine of a worker can't be reached, isn't what was declared, or starts no worker."""


class BuildFailed(EdgeassayError):
    """A conversion was tried and gave no artifact."""


class BuildUnavailable(EdgeassayError):
    """An artifact must be built, and this Python has no converter."""


class ArtifactError(EdgeassayError):
    """An artifact's bytes are missing, changed, or refused by the runtime, in these `words`."""

    def __init__(self, message: str, words: str = "") -> None:
        super().__init__(message)
        self.words = words


class WorkerError(EdgeassayError):
    """A worker process died, hung or broke the protocol while it served an artifact."""


class MeasurementError(EdgeassayError):
    """What was measured can't be used: non-finite outputs, a wrong shape, a broken clock."""


class Incomparable(EdgeassayError):
    """What a claim compares with is of another machine or of other data: it is `incomparable`."""


class NoEvidence(EdgeassayError):
    """It was looked at, and nothing can be measured: the claim is `inconclusive`."""
