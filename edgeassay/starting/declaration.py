"""The text of a new model.toml: what is known filled in, what isn't ready to be switched on.

Lines that explain begin with "# "; settings that are switched off begin with "#" alone, and with
the "#" of all of them removed, the file loads too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edgeassay.report.unjudged import not_judged
from edgeassay.saved_model_file import DEFAULT
from edgeassay.spec import FORMATS, InputShapes, RuntimeSpec
from edgeassay.starting.runtimes import runtimes_table
from edgeassay.starting.tensors import Tensors, Ways, guess_image, plain_integer
from edgeassay.toml_text import key, off, prose, quoted
from edgeassay.worker.sizes import OPEN
from edgeassay.workers import TensorSpec

REFERENCE: Final = "fp32"
RAW_PIXELS: Final = (0, 255)
IMAGE_LIKE_RANK: Final = 3  # of raw 8-bit numbers: an image, with or without a batch axis
FEW_CLASSES: Final = 20  # placeholders for more than these would hide the file


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a model when it starts.

    `digests` are those of the artifacts by variant; empty where variants are made from `weights`.
    `tensors` by variant; of the float .tflite alone where variants are made. `suffixes` are what
    the artifacts' files end in, `ways` how they were looked at, and `left` the signatures of a
    SavedModel of which nothing is made.
    """

    id: str
    weights: str | None
    digests: Mapping[str, str]
    tensors: Mapping[str, Tensors]
    suffixes: Mapping[str, str] = field(default_factory=dict)
    ways: Ways = field(default_factory=Ways)
    left: tuple[str, ...] = ()

    def suffix(self, variant: str) -> str:
        """What a variant's file ends in."""
        return self.suffixes.get(variant, ".tflite")

    @property
    def runtimes(self) -> Mapping[str, RuntimeSpec]:
        """What executes the variants, or compiles them, by id."""
        usual = dict.fromkeys(FORMATS[self.suffix(variant)] for variant in self.tensors)
        return self.ways.runtimes or {engine: RuntimeSpec(engine=engine) for engine in usual}

    @property
    def executes(self) -> bool:
        """Whether any of its runtimes gives outputs."""
        return any(runtime.traits.executes for runtime in self.runtimes.values())

    def is_timed(self, variant: str) -> bool:
        """Whether a runtime whose times count takes a variant and the reference."""
        wanted = {self.suffix(variant), self.suffix(self.reference)}
        return any(
            {runtime.traits.suffix} == wanted and runtime.traits.timed and runtime.traits.executes
            for runtime in self.runtimes.values()
        )

    @property
    def reference(self) -> str:
        """The variant that others are compared with: fp32, else the first that takes and gives
        floats alone, else the first.
        """
        floats = (name for name, tensors in self.tensors.items() if tensors.all_float)
        return REFERENCE if REFERENCE in self.tensors else next(floats, next(iter(self.tensors)))

    @property
    def image(self) -> TensorSpec | None:
        """The reference's input where [data] can serve the model: one image, one output."""
        tensors = self.tensors[self.reference]
        single = len(tensors.inputs) == len(tensors.outputs) == 1
        return tensors.inputs[0] if single and guess_image(tensors.inputs[0]) else None


def model_toml(facts: Facts) -> str:
    """The file's text: the same facts, the same text."""
    sections = [
        _head(facts),
        _artifacts(facts) if facts.weights is None else _methods(facts),
        _reference(facts),
        runtimes_table(facts.runtimes),
        *_limits(facts),
        _random_inputs(facts),
        *_data(facts),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in sections if lines)


def describe(tensor: TensorSpec) -> str:
    """A tensor in a few words: type, shape, and how its integers stand for real numbers."""
    sides = ", ".join("?" if side == OPEN else str(side) for side in tensor.shape)
    text = f"{tensor.holds} [{sides}]"
    if tensor.scale == 0.0:
        return text
    return f"{text}, scale {tensor.scale:.9g}, zero point {tensor.zero_point}"


def _head(facts: Facts) -> list[str]:
    lines = prose(
        "How edgeassay judges this model, as `edgeassay init` began it; change whatever you know"
        " better. Lines that begin with '# ' explain. Lines with '#' and no space are settings that"
        " are switched off: remove the '#'. docs/models.md has every key, and a misspelt one is"
        " refused with the nearest right one."
    )
    lines += [
        "",
        f"id = {quoted(facts.id)} # the folder's name, and what `pytest --model` takes",
        f"title = {quoted(facts.id)} # for people: what it finds, on which images",
    ]
    if facts.weights is not None:
        lines.append(f"weights = {quoted(facts.weights)} # the trained network")
    return [*lines, *_shape(facts.ways.shapes), *_signature(facts)]


def _shape(shapes: InputShapes) -> list[str]:
    if not shapes:
        return []
    named = {name: list(given[0]) for name, given in shapes.items()}
    table = ", ".join(f"{quoted(name)} = {shape}" for name, shape in named.items())
    shape = named[""] if set(named) == {""} else f"{{ {table} }}"
    lines = prose(
        "The file leaves the sizes of its input open. With [preprocess], which says the size of an"
        " image, remove this line."
    )
    return ["", *lines, f"shape = {shape}"]


def _signature(facts: Facts) -> list[str]:
    """Which graph of the files is judged, where they have several."""
    words = {variant: not_judged(tensors.facts) for variant, tensors in facts.tensors.items()}
    told = [f"{variant}: {said}." for variant, said in words.items() if said is not None]
    if facts.left:
        left = ", ".join(map(quoted, facts.left))
        made = facts.ways.signature or DEFAULT
        told.append(
            f"Of the SavedModel {quoted(made)} is converted, and nothing is made of {left}."
        )
    named = facts.ways.signature
    if not told and named is None:
        return []
    lines = prose(
        "A file may have several graphs, which its signatures name. `signature` says which one is"
        " judged. To judge another one too, make a second model whose `signature` names it."
    )
    for one in told:
        lines += prose(one)
    return ["", *lines, *([] if named is None else [f"signature = {quoted(named)}"])]


def _tensor_lines(tensors: Tensors) -> list[str]:
    return [
        f"#   {side} {quoted(tensor.name)}: {describe(tensor)}"
        for side, group in (("input", tensors.inputs), ("output", tensors.outputs))
        for tensor in group
    ]


def _artifacts(facts: Facts) -> list[str]:
    lines = prose(
        "The files to judge. `sha256` is the digest of a file's bytes: a file that has changed is"
        " refused until its new digest (`sha256sum FILE`) stands here."
    )
    lines.append("[variants]")
    for variant, digest in facts.digests.items():
        name = f"{variant}{facts.suffix(variant)}"
        lines += [f"# {name}", *_tensor_lines(facts.tensors[variant])]
        artifact = quoted(name)
        lines.append(f"{key(variant)} = {{ artifact = {artifact}, sha256 = {quoted(digest)} }}")
    return lines


def _methods(facts: Facts) -> list[str]:
    lines = [
        "# The forms to make of the network, and to judge. As a float .tflite it has",
        *_tensor_lines(facts.tensors[REFERENCE]),
        "[variants]",
        'fp32 = { method = "fp32" } # as trained: what the others are compared with',
        'drq = { method = "drq" } # 8-bit weights; activations are quantized while it runs',
        'fp16 = { method = "fp16" } # 16-bit weights',
    ]
    lines += prose(
        "int8 (weights, activations, input and output in 8 bits) chooses its scales by looking at"
        " images: it needs [data] with a calibration split, below."
    )
    if facts.image is not None:
        lines += [
            "# calibration_images: at most as many as the calibration split has.",
            *off(['int8 = { method = "int8", calibration_images = 150 }']),
        ]
    return lines


def _reference(facts: Facts) -> list[str]:
    if facts.reference == REFERENCE:
        return []
    floats = facts.tensors[facts.reference].all_float
    why = "whose inputs and outputs are all floats" if floats else "given, and none takes floats"
    lines = prose(
        f"Sizes, times and AUCs are compared with the reference. No variant is called {REFERENCE};"
        f" this is the first {why}. Name another if it isn't the uncompressed one."
    )
    return [*lines, "[reference]", f"variant = {quoted(facts.reference)}", *_predictions(facts)]


def _predictions(facts: Facts) -> list[str]:
    if facts.image is None:
        return []
    lines = prose(
        "AUC may be compared with the scores of the original network instead, from wherever it"
        " runs: a CSV with `image` and a column for each class, as `pytest --predictions DIR`"
        " writes it."
    )
    return [*lines, *off(['predictions = "original.csv"'])]


def _limits(facts: Facts) -> list[list[str]]:
    lines = [
        "# What must hold of every variant. A claim without a limit isn't made; README.md lists"
        " them all.",
        "[limits]",
        *(_of_outputs() if facts.executes else _of_compiler()),
    ]
    names = list(facts.digests) if facts.weights is None else ["drq", "fp16"]
    tables = [
        _variant_limits(name, timed=facts.is_timed(name))
        for name in names
        if name != facts.reference
    ]
    if facts.weights is not None and facts.image is not None:
        tables.append(off(_variant_limits("int8", timed=facts.is_timed("int8"))))
    if tables:
        tables[0] = [
            "# What must hold of a variant beside the reference: the share of its bytes, and of its"
            " median time",
            "# (`pytest --benchmark`).",
            *tables[0],
        ]
    return [lines, *tables]


def _of_outputs() -> list[str]:
    return [
        "loads = true # the runtime loads it, and runs it once",
        "finite_outputs = true # no output is NaN or infinite: on random inputs until there is"
        " [data]",
        "# How much AUC compression may cost; unmeasured until there is [data].",
        "mean_auc_drop = { limit = 0.009, rationale = "
        '"Abid et al. 2021: at most 0.9 points of AUC on ChestX-ray14" }',
        "# The least that the mean AUC may be. Switch it on with [data]: a network at chance loses"
        " nothing.",
        *off(["min_auc = 0.9"]),
        "# Decisions, which an AUC can't see: at the product's threshold ([operating_point]) or at",
        "# one fixed on the validation split.",
        *off(["sensitivity_drop = 0.02", "specificity_drop = 0.05"]),
    ]


def _of_compiler() -> list[str]:
    """Of a file that is only compiled there are no outputs to make claims about."""
    return [
        "loads = true # the compiler takes it",
        "# How much of the graph the accelerator must take; the rest runs on the CPU.",
        *off(["delegated_share = 0.9"]),
        "# Outputs, AUC and decisions need a runtime that executes the file, in [runtimes].",
        *off(["finite_outputs = true"]),
    ]


def _is(variant: str, kind: str) -> bool:
    return variant == kind or variant.startswith(f"{kind}-")


def _variant_limits(variant: str, *, timed: bool) -> list[str]:
    """A variant's limits; that on time only where one runtime takes it and the reference."""
    size = (0.5, "the literature's 2x: Abid et al. 2021, two to four times smaller")
    if _is(variant, "fp16"):  # a half can't be had: scales, biases and the graph itself stay
        size = (0.55, "16-bit weights: near a half, plus what doesn't shrink")
    limits = {"size_ratio": size}
    if timed and _is(variant, "int8"):
        limits["latency_ratio"] = (
            1.0,
            "int8 that is slower than the reference is no reason to ship int8",
        )
    return [
        f"[limits.{key(variant)}]",
        *(
            f"{claim} = {{ limit = {limit}, rationale = {quoted(why)} }}"
            for claim, (limit, why) in limits.items()
        ),
    ]


def _random_inputs(facts: Facts) -> list[str]:
    inputs = {t.name: t for tensors in facts.tensors.values() for t in tensors.inputs}
    if len(inputs) == 1 and not any(plain_integer(t) for t in inputs.values()):
        return []
    pixels = {
        name
        for name, t in inputs.items()
        if plain_integer(t) and t.dtype == "uint8" and len(t.shape) >= IMAGE_LIKE_RANK
    }
    lines = prose(
        "Random numbers stand in for data: all inputs for latency, and for finite_outputs until"
        " there is [data]. They are uniform over [-1, 1], whole numbers without a scale over"
        " [0, 1], unless an input has a range here. Whole numbers are often indices: keep them"
        " below the length of what they index."
    )
    tables = ["[random_inputs.ranges]"] if pixels else off(["[random_inputs.ranges]"])
    for name, tensor in inputs.items():
        usual = "[0, 1]" if plain_integer(tensor) else "[-1.0, 1.0]"
        if name in pixels:
            tables.append(f"{quoted(name)} = {list(RAW_PIXELS)} # raw pixels, by the look of it")
        else:
            tables += off([f"{quoted(name)} = {usual}"])
    return [*lines, *tables]


def _data(facts: Facts) -> list[list[str]]:
    if facts.image is None:
        return [
            prose(
                "Diagnostic quality needs [data], and [data] serves networks that take one image"
                " (1 or 3 channels, [1, height, width, channels] or channels first) and give one"
                " output. This one's reference doesn't, so its claims about AUC stay unmeasured."
            )
        ]
    sections = [_source(facts), _preprocess(facts.image)]
    if facts.reference == REFERENCE:
        lines = _predictions(facts)
        sections.append([*lines[:-1], *off(["[reference]"]), lines[-1]])
    return sections


def _source(facts: Facts) -> list[str]:
    scores = math.prod(facts.tensors[facts.reference].outputs[0].shape)
    lines = prose(
        "Diagnostic quality: fill in, and remove the '#'. Data lies below the folder that the"
        " environment variable EDGEASSAY_DATA names. `source` is one of these:"
    )
    lines += [
        '#   "image-csv"        a folder of images, and a CSV with a header and a row an image',
        '#   "npz"              arrays in MedMNIST\'s layout: file = "x.npz", classes = ["a", "b"]',
        '#   "nih-chestxray14"  ChestX-ray14 as it was published: folder = "nih"',
    ]
    settings = [
        "[data]",
        'source = "image-csv"',
        f"folder = {quoted(facts.id)} # below EDGEASSAY_DATA; labels.csv is in it",
    ]
    if scores == 1:
        settings += [
            'label = "finding" # the column with the label: 0 and 1, or texts, of which',
            'positive = "pneumonia" # counts as positive',
        ]
    else:
        count = scores if scores <= FEW_CLASSES else 2
        names = ", ".join(f'"class-{number}"' for number in range(1, count + 1))
        settings += [
            f"# The {scores:,} classes in the order of the network's scores: the texts in `label`;",
            "# or instead of both, `labels`: a column of 0 and 1 for each.",
            'label = "finding"',
            f"classes = [{names}]",
        ]
    settings += [
        'patient = "patient" # a column: no patient may be in two splits',
        'split = "split" # a column: train, calibration, validation or test',
    ]
    return lines + [line if line.startswith("# ") else f"#{line}" for line in settings]


def _preprocess(image: TensorSpec) -> list[str]:
    guess = guess_image(image)
    assert guess is not None, "only for an input that looks like an image"
    lines = prose(
        "From an image to the network's input, exactly as in training: resized, 0 and white mapped"
        " to `scale`, then (x - mean) / std. Size, color and channels are guessed from the input"
        f" {quoted(image.name)}; the rest is yours to know. Image files that EXIF says to turn, or"
        " that have transparent pixels or several frames, are refused unless `orientation`, `alpha`"
        " or `frame` says how they are used."
    )
    return [
        *lines,
        *off(
            [
                "[preprocess]",
                f'color = "{guess.color}"',
                f"size = {list(guess.size)} # height, width",
                f'channels = "{guess.channels}"',
                "scale = [0.0, 1.0]",
                "mean = [0.0] # one number, or one a channel",
                "std = [1.0]",
            ]
        ),
    ]
