"""Which graphs a .tflite has, which of them a name stands for, and which custom operators it needs.

A file may have several subgraphs, and signatures that name some of them. The first subgraph is the
main graph, which a runtime runs if nobody names another. Only what is asked for is read of a file,
so that a large one costs little.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgeassay.plain_files import read_plain
from edgeassay.tflite_schema import IDENTIFIER

MAIN: Final = 0  # the main graph's place among the subgraphs
SUFFIX: Final = ".tflite"
# The methods of an operator's options that name subgraphs, and an array's methods beside them.
NAMES_SUBGRAPH: Final = re.compile(r"\w*Subgraph(Index|Indices)?")
# What the schema's generated code raises when it follows an offset out of a damaged file.
DAMAGED: Final = (
    *(struct.error, ValueError, TypeError, IndexError),
    *(AttributeError, OverflowError, KeyError),
)
MOST_NAMES: Final = 20  # that are listed in a sentence
NUMPY_NAMES: Final = {"STRING": "str"}


@dataclass(frozen=True, kw_only=True)
class FileTensor:
    """A tensor as its file declares it: `shape` has -1 for a size that is left open, `dtype` is
    NumPy's name of the type. `scale` is 0 for numbers that stand for themselves. `argument` is what
    a signature calls it, or is empty.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    argument: str = ""


@dataclass(frozen=True, kw_only=True)
class FileEnds:
    """The inputs and outputs of a graph as its file declares them."""

    inputs: tuple[FileTensor, ...]
    outputs: tuple[FileTensor, ...]


@dataclass(frozen=True, kw_only=True)
class Subgraph:
    """A subgraph: its name, the places of its inputs and outputs among its tensors, the kinds of
    its operators, and the subgraphs that these call.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[str, ...]
    calls: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A name for a subgraph, and its names for that subgraph's inputs and outputs, by their places
    among the tensors.
    """

    name: str
    subgraph: int
    arguments: dict[int, str]


@dataclass(frozen=True, kw_only=True)
class Entered:
    """The graph of a file that is judged: its place among the subgraphs, what that has, and the
    signature that names it, with its place among the file's signatures; None for a main graph that
    has no name. `others` are the signatures of other graphs, and `unreached` the subgraphs that
    neither the judged graph nor a signature reaches.
    """

    subgraph: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[str, ...]
    signature: str | None
    index: int | None
    others: tuple[str, ...]
    unreached: tuple[str, ...]


class Graphs:
    """The subgraphs and signatures of one .tflite, and the names of its custom operators."""

    def __init__(self, data: bytes) -> None:
        """Read them; one of DAMAGED is raised if the bytes aren't a whole .tflite."""
        from ai_edge_litert import schema_py_generated as schema

        self._schema: Any = schema
        # A list's entry takes four bytes: a file that is read more often is damaged, or made so.
        self._left = len(data)
        self._calling: dict[str, tuple[Any, tuple[str, ...]]] = {}
        self._model: Any = schema.Model.GetRootAs(data, 0)
        codes = list(self._all(self._model, "OperatorCodes"))
        self.custom = tuple(_text(code.CustomCode()) for code in codes if code.CustomCode())
        self._kinds = tuple(map(self._kind, codes))
        self.subgraphs = tuple(map(self._subgraph, self._all(self._model, "Subgraphs")))
        self.signatures = tuple(map(self._signature, self._all(self._model, "SignatureDefs")))
        if not self.subgraphs or any(s.subgraph >= len(self.subgraphs) for s in self.signatures):
            raise ValueError("it has no graph, or names one that isn't there")

    def enter(self, name: str | None) -> Entered | None:
        """The graph that a signature names, or the main graph; None if there is no such name."""
        known = [(k, one) for k, one in enumerate(self.signatures)]
        if name is not None:
            found = [pair for pair in known if pair[1].name == name]
            if not found:
                return None
        else:
            found = [pair for pair in known if pair[1].subgraph == MAIN]
        index, signature = found[0] if found else (None, None)
        place = MAIN if signature is None else signature.subgraph
        graph = self.subgraphs[place]
        return Entered(
            subgraph=place,
            inputs=graph.inputs,
            outputs=graph.outputs,
            operators=graph.operators,
            signature=None if signature is None else signature.name,
            index=index,
            others=tuple(one.name for one in self.signatures if one.subgraph != place),
            unreached=self._unreached(place),
        )

    def _unreached(self, judged: int) -> tuple[str, ...]:
        waiting = [judged, *(signature.subgraph for signature in self.signatures)]
        reached: set[int] = set()
        while waiting:
            place = waiting.pop()
            if place not in reached and place < len(self.subgraphs):
                reached.add(place)
                waiting += self.subgraphs[place].calls
        return tuple(
            graph.name or f"#{place}"
            for place, graph in enumerate(self.subgraphs)
            if place not in reached
        )

    def ends(self, entered: Entered) -> FileEnds:
        """The inputs and the outputs of a graph."""
        graph = self._model.Subgraphs(entered.subgraph)
        names: dict[int, str] = {}
        if entered.index is not None:
            names = self.signatures[entered.index].arguments
        taken, given = (
            tuple(self._tensor(graph.Tensors(place), names.get(place, "")) for place in places)
            for places in (entered.inputs, entered.outputs)
        )
        return FileEnds(inputs=taken, outputs=given)

    def _all(self, table: Any, part: str) -> Iterator[Any]:
        """The entries of a list in one of the file's tables."""
        length = int(getattr(table, f"{part}Length")())
        self._left -= length
        if self._left < 0:
            raise ValueError("its lists are longer than the file")
        for place in range(length):
            yield getattr(table, part)(place)

    def _subgraph(self, graph: Any) -> Subgraph:
        tensors = graph.TensorsLength()
        ends = [tuple(map(int, self._all(graph, part))) for part in ("Inputs", "Outputs")]
        if any(not 0 <= place < tensors for end in ends for place in end):
            raise ValueError("a graph names a tensor that isn't there")
        operators = list(self._all(graph, "Operators"))
        return Subgraph(
            name=_text(graph.Name()),
            inputs=ends[0],
            outputs=ends[1],
            operators=tuple(self._kinds[operator.OpcodeIndex()] for operator in operators),
            calls=frozenset(called for one in operators for called in self._called(one)),
        )

    def _kind(self, code: Any) -> str:
        """An operator's name. The first kinds stand in a field of one byte, later ones in another
        field.
        """
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        known = vars(self._schema.BuiltinOperator).items()
        return next((name for name, own in known if own == number), f"operator {number}")

    def _called(self, operator: Any) -> Iterator[int]:
        """The subgraphs that an operator calls: those of loops, branches and composites."""
        for part, kinds in (("BuiltinOptions", "BuiltinOptions"), ("BuiltinOptions2",) * 2):
            kind = getattr(operator, f"{part}Type")()
            table = getattr(operator, part)() if kind else None
            if table is not None:
                yield from self._in_options(table, getattr(self._schema, kinds), kind)

    def _in_options(self, table: Any, kinds: Any, kind: int) -> Iterator[int]:
        made, methods = self._naming(kinds, kind)
        if not methods:
            return
        options = made()
        options.Init(table.Bytes, table.Pos)
        for method in methods:
            if method.endswith("Indices"):
                yield from map(int, self._all(options, method))
            else:
                yield int(getattr(options, method)())

    def _naming(self, kinds: Any, kind: int) -> tuple[Any, tuple[str, ...]]:
        """The class of some options, and those of its methods that name subgraphs."""
        key = f"{kinds.__name__} {kind}"
        if key not in self._calling:
            name = next((name for name, code in vars(kinds).items() if code == kind), "")
            made = getattr(self._schema, name, None)
            methods = [] if made is None else [m for m in vars(made) if NAMES_SUBGRAPH.fullmatch(m)]
            self._calling[key] = made, tuple(methods)
        return self._calling[key]

    def _signature(self, found: Any) -> Signature:
        ends = (*self._all(found, "Inputs"), *self._all(found, "Outputs"))
        return Signature(
            name=_text(found.SignatureKey()),
            subgraph=int(found.SubgraphIndex()),
            arguments={int(end.TensorIndex()): _text(end.Name()) for end in ends},
        )

    def _tensor(self, tensor: Any, argument: str) -> FileTensor:
        kinds = {code: name for name, code in vars(self._schema.TensorType).items()}
        kind = kinds[tensor.Type()]
        open_ = tuple(map(int, self._all(tensor, "ShapeSignature")))
        quantized = tensor.Quantization()
        scales = list(self._all(quantized, "Scale")) if quantized is not None else []
        zeros = list(self._all(quantized, "ZeroPoint")) if quantized is not None else []
        one = len(scales) == 1  # of several, each is for a channel
        return FileTensor(
            name=_text(tensor.Name()),
            shape=open_ or tuple(map(int, self._all(tensor, "Shape"))),
            dtype=NUMPY_NAMES.get(kind, kind.lower()),
            scale=float(scales[0]) if one else 0.0,
            zero_point=int(zeros[0]) if one and zeros else 0,
            argument=argument,
        )


def _text(found: bytes | None) -> str:
    return "" if found is None else found.decode("utf-8", "replace")


def read_graphs(path: Path) -> Graphs | None:
    """The graphs of a .tflite; None for another file, one that can't be read, or a damaged one, of
    which its runtime has more to say.
    """
    if path.suffix != SUFFIX:
        return None
    try:
        data = read_plain(path)
        return Graphs(data) if data[4:8] == IDENTIFIER else None
    except (OSError, *DAMAGED):
        return None


def no_signature(path: Path, name: str, graphs: Graphs | None) -> str:
    """What is said of a file that has no signature of that name."""
    names = [] if graphs is None else [repr(one.name) for one in graphs.signatures]
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    known = ", ".join(names[:MOST_NAMES]) + more
    if path.suffix != SUFFIX:
        return f"an {path.suffix} has no signatures; leave the signature {name!r} out"
    if not known:
        return f"{path.name} has no signatures; leave the signature {name!r} out"
    return f"{path.name} has no signature {name!r}; its signatures are {known}: name one of these"
