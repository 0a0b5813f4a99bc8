"""Why a network couldn't be converted: a converter's many lines in one sentence.

The sentence names the operators, the type of their numbers, the cause, and what to do about it in
Keras. It is made from the words of TensorFlow's converter, whose forms are recognised here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import some

# MLIR's names of types, as TensorFlow and Keras call them.
TYPES: Final = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "complex<f32>": "complex64",
    "complex<f64>": "complex128",
    "!tf_type.string": "string",
    "!tf_type.resource": "resource",
    "!tf_type.variant": "variant",
}
LOW: Final = ("float16", "bfloat16", "float64")
# An operator that converts in float32 is often refused for another type among its own.
TELLING: Final = ("string", "complex128", "complex64", *LOW)
HANDLES: Final = ("resource", "variant")  # what stands for a table or a list
FILES: Final = re.compile("Decode|Encode|ReadFile|ParseExample|Gunzip")
AUGMENTING: Final = re.compile("ImageProjectiveTransform|Random|Multinomial")

OPERATOR: Final = re.compile(r"^\ttf\.(\w+)\((.*?)\) -> \((.*?)\) : ", re.MULTILINE)
TYPE: Final = re.compile(
    r"(!tf_type\.(?:string|resource|variant)|complex<f\d+>|bf16|f\d+|ui?\d+|i\d+)(?=>)"
)
UNKNOWN: Final = re.compile(r"Op type not registered '(\w+)'")
LIST: Final = re.compile(r"'(tf\.TensorList\w+)' op requires element_shape to be")
MESSAGE: Final = re.compile(r"error: (?:loc\(.*\): )?(.+)$", re.MULTILINE)
MOST: Final = 180  # letters of another's words

WHOLE: Final = "export the network anew"
REST: Final = "compute that before or after the network, or with other operators, and " + WHOLE


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An operator that has no form in a .tflite, by TensorFlow's name, and the type that tells."""

    name: str
    type: str


def needs_one_image(words: str) -> bool:
    """Whether a converter failed at shapes that are known once the batch is 1."""
    return LIST.search(words) is not None


def reason(words: str) -> str | None:
    """The sentence for what a converter said; None if these aren't a converter's words."""
    operators = _refused(words)
    for recognised, sentence in CAUSES:
        found = [one for one in operators if recognised(one)]
        if found:
            return sentence(_named(found), found)
    if (unknown := UNKNOWN.search(words)) is not None:
        return (
            f"its operator {unknown[1]} isn't TensorFlow's own but a library's (tensorflow_text,"
            f" tensorflow_addons), and .tflite has none for it; {REST}"
        )
    if (loop := LIST.search(words)) is not None:
        return (
            f"a loop in it ({loop[1]}) makes tensors whose shape isn't known beforehand; give"
            " every keras.Input its whole shape with batch_size=1, or a recurrent layer"
            f" unroll=True, and {WHOLE}"
        )
    if (said := MESSAGE.search(words)) is not None:
        message = " ".join(said[1].split())
        short = message if len(message) <= MOST else f"{message[:MOST]}…"
        return f"TensorFlow's converter refuses it ({short}); {REST}"
    return None


def _refused(words: str) -> list[Refused]:
    """The operators that a converter lists, each once."""
    found: dict[Refused, None] = {}
    for name, taken, made in OPERATOR.findall(words):
        types = [_type(each) for each in TYPE.findall(f"{taken} {made}")]
        plain = [each for each in types if each not in HANDLES]
        telling = next((each for each in TELLING if each in types), None)
        found[Refused(name=name, type=telling or next(iter(plain), "resource"))] = None
    return list(found)


def _named(found: Sequence[Refused]) -> str:
    if len({one.type for one in found}) > 1:
        return some([f"tf.{one.name} on {one.type}" for one in found])
    return f"{some([f'tf.{one.name}' for one in found])} on {found[0].type}"


def _type(name: str) -> str:
    return TYPES.get(name) or name.replace("ui", "uint").replace("i", "int", name[0] == "i")


def _python(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it runs Python code ({named}), which no .tflite can hold; write that with TensorFlow's"
        f" own operators, and {WHOLE}"
    )


def _file(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it takes a file's bytes and reads them itself ({named}), for which .tflite has no"
        " operator; cut the network behind that, so that its input is the pixels: [preprocess]"
        " reads image files"
    )


def _text(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it works on text ({named}), for which .tflite has no operator; cut the network behind its"
        " text layer (TextVectorization, StringLookup, Hashing), so that its input is the layer's"
        " numbers"
    )


def _table(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it looks values up in a table ({named}), for which .tflite has no operator; cut the"
        " network behind its lookup layer, so that its input is the layer's numbers"
    )


def _complex(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it computes with complex numbers ({named}), of which .tflite has only RFFT2D, real, imag"
        " and abs; keep real and imaginary parts in two float32 tensors, use tf.signal.rfft2d, and"
        f" {WHOLE}"
    )


def _precision(named: str, found: Sequence[Refused]) -> str:
    return (
        f"it computes in {found[0].type} ({named}), and .tflite's operators compute in float32;"
        " give its .keras file, which is converted in float32, or build it under"
        f' keras.config.set_dtype_policy("float32"), load its weights, and {WHOLE}'
    )


def _augmenting(named: str, _: Sequence[Refused]) -> str:
    return (
        f"it changes images at random or moves them ({named}), for which .tflite has no operator;"
        f" leave layers that only augment training (Random…) out, and {WHOLE}"
    )


def _others(named: str, _: Sequence[Refused]) -> str:
    return f".tflite has no operator for {named} (it would run TensorFlow's own, as Flex); {REST}"


CAUSES: Final[
    tuple[tuple[Callable[[Refused], bool], Callable[[str, Sequence[Refused]], str]], ...]
] = (
    (lambda one: "PyFunc" in one.name, _python),
    (lambda one: FILES.search(one.name) is not None, _file),
    (lambda one: one.type == "string", _text),
    (lambda one: one.name.startswith("LookupTableFind"), _table),
    (lambda one: one.type.startswith("complex"), _complex),
    (lambda one: one.type in LOW, _precision),
    (lambda one: AUGMENTING.search(one.name) is not None, _augmenting),
    (lambda _: True, _others),
)
