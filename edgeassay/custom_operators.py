"""What is known of the custom operators in a .tflite: who made them, and what runs such a file.

LiteRT has the operators of its schema. A file may need others, which it names: those of a compiler
for an accelerator, of TensorFlow itself, or of a library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

# What a compiler for an accelerator leaves in a file instead of the operators that it took: the
# accelerator, and the engine that compiles for it, if one does.
COMPILED: Final[Mapping[str, tuple[str, str | None]]] = {
    "edgetpu-custom-op": ("the Coral Edge TPU", "edgetpu"),
    "ethos-u": ("Arm's Ethos-U", "ethos-u"),
    "NeutronGraph": ("NXP's eIQ Neutron NPU", None),
    "vsi-npu": ("VeriSilicon's NPU", None),
    "DISPATCH_OP": ("an NPU, by LiteRT's own compiler", None),
}
# Names that look like those of such compilers.
LOOKS_COMPILED: Final = re.compile(
    r"(?<![a-z])(npu|tpu|apu|dsp|htp|qnn|snpe|hexagon|neuron|tidl|nbg|dla)(?![a-z])"
    r"|custom[-_ ]?op$|delegate|compiled",
    re.IGNORECASE,
)
FLEX: Final = "Flex"  # how the names of TensorFlow's own operators begin
# Custom operators that LiteRT and TensorFlow Lite bring along: they are no reason for a refusal.
BUILT_IN: Final = ("TFLite_Detection_PostProcess", "Mfcc", "AudioSpectrogram", "NumericVerify")
# How names begin that a library registers, and the library.
LIBRARIES: Final[Mapping[str, str]] = {
    "tftext:": "TensorFlow Text",
    "TFSentencepiece": "TensorFlow Text",
    "Convolution2DTransposeBias": "MediaPipe",
    "MaxPoolingWithArgmax2D": "MediaPipe",
    "MaxUnpooling2D": "MediaPipe",
    "TransformTensorBilinear": "MediaPipe",
    "TransformLandmarks": "MediaPipe",
    "Landmarks": "MediaPipe",
    "Signal": "TensorFlow Lite for Microcontrollers",
}


def is_compiled(names: Sequence[str]) -> bool:
    """Whether a file with these custom operators was compiled for an accelerator that is known."""
    return any(name in COMPILED for name in names)


def explained(names: Sequence[str]) -> str | None:
    """What the custom operators of a refused file are and what to do about them, in a sentence;
    None where they don't explain a refusal.
    """
    return "; ".join(_sentences(dict.fromkeys(names))) or None


def _sentences(names: Mapping[str, None]) -> Iterator[str]:
    for name in (name for name in names if name in COMPILED):
        accelerator, engine = COMPILED[name]
        yield (
            f"it is compiled for {accelerator} (its operator is {name!r}): give the file from"
            f" before compiling, {_with(engine)}"
        )
    flex = [name for name in names if name.startswith(FLEX)]
    if flex:
        yield (
            f"{_its(flex)} TensorFlow's own (Select TensorFlow operators): convert the network with"
            " built-in operators alone (without SELECT_TF_OPS); --runtime tensorflow runs it only"
            " with a TensorFlow that has the Flex delegate linked in, which the package 2.21 hasn't"
        )
    left = [n for n in names if n not in (*COMPILED, *BUILT_IN) and n not in flex]
    for library in dict.fromkeys(map(_library, left)):
        group = [name for name in left if _library(name) == library]
        if library is not None:
            yield (
                f"{_its(group)} of {library}, and no engine here has {_them(group)}: move"
                f" {_them(group)} out of the network"
            )
        elif looks := [name for name in group if LOOKS_COMPILED.search(name)]:
            yield (
                f"{_its(looks)} custom, and the file seems to be compiled for an accelerator: give"
                " the file from before compiling"
            )
        if library is None and (unknown := [n for n in group if not LOOKS_COMPILED.search(n)]):
            yield (
                f"{_its(unknown)} custom, and no engine here has {_them(unknown)}: export the"
                " network with built-in operators, or if it was compiled for an accelerator, give"
                " the file from before compiling"
            )


def _with(engine: str | None) -> str:
    if engine is None:
        return "with any runtime that takes a .tflite; no engine here compiles for it"
    return f"with --runtime {engine}"


def _library(name: str) -> str | None:
    return next((who for start, who in LIBRARIES.items() if name.startswith(start)), None)


def _its(names: Sequence[str]) -> str:
    listed = ", ".join(map(repr, names))
    return f"its operator {listed} is" if len(names) == 1 else f"its operators {listed} are"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
