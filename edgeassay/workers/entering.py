"""Which graph of a file a worker is to run, and what is said of a file that its runtime can't run.

It is the host that reads the file: a worker's runtime may have no schema to read it with.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from edgeassay.custom_operators import explained, is_compiled
from edgeassay.errors import ArtifactError, EdgeassayError, WorkerError
from edgeassay.spec import RuntimeSpec
from edgeassay.tflite_signatures import MAIN, Entered, Graphs, no_signature, read_graphs


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file's graphs, and that of them which is judged; None where the file doesn't say."""

    graphs: Graphs | None
    entered: Entered | None

    @classmethod
    def of(cls, path: Path, runtime: RuntimeSpec, signature: str | None, label: str) -> Self:
        """Read which graph of a file a signature names, or which is its main graph.

        ArtifactError, with the `label`, if the file has no such signature, if the runtime's engine
        can't be told to take that graph, or if it compiles and the file is compiled already.
        """
        graphs = read_graphs(path)
        found = None if graphs is None else graphs.enter(signature)
        if found is None and signature is not None:
            raise ArtifactError(f"{label}: {no_signature(path, signature, graphs)}")
        if found is not None and found.subgraph != MAIN and not runtime.traits.signatures:
            raise ArtifactError(
                f"{label}: the engine {runtime.engine!r} knows a file's main graph alone, and the"
                f" signature {signature!r} is another graph; export that as a file of its own, or"
                " leave this runtime out"
            )
        if graphs is not None and not runtime.traits.executes and is_compiled(graphs.custom):
            raise ArtifactError(f"{label}: {explained(graphs.custom)}")
        return cls(graphs=graphs, entered=found)

    @property
    def option(self) -> dict[str, Any] | None:
        """What the worker is told of the graph."""
        return None if self.entered is None else asdict(self.entered)

    @property
    def facts(self) -> dict[str, Any]:
        """What the worker's facts lack."""
        return {} if self.entered is None else signature_facts(self.entered)

    def explain(self, error: EdgeassayError, serving: str) -> EdgeassayError:
        """What a runtime that refuses the file says, or one that ends with it, and instead of the
        usual advice what the file's custom operators say of it; the same error if they say nothing.
        """
        words = None if self.graphs is None else explained(self.graphs.custom)
        if words is None:
            return error
        if isinstance(error, ArtifactError) and error.words:
            sentence = f"{serving}: the runtime refuses it ({error.words}); {words}"
            return ArtifactError(sentence, words=error.words)
        if isinstance(error, WorkerError):
            return WorkerError(f"{serving}: the runtime ended while it loaded it; {words}")
        return error


def signature_facts(found: Entered) -> dict[str, Any]:
    """Which graph of a file is judged and which aren't, where it has several."""
    if not (found.others or found.unreached or found.subgraph != MAIN):
        return {}
    return {
        "signatures": {
            "judged": found.signature,
            "others": list(found.others),
            "subgraphs": list(found.unreached),
        }
    }


def known_signatures(path: Path, signature: str | None) -> dict[str, Any]:
    """The same of a file by itself; nothing where it doesn't say, or has no such signature."""
    graphs = read_graphs(path)
    found = None if graphs is None else graphs.enter(signature)
    return {} if found is None else signature_facts(found)
