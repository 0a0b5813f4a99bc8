"""A tf-keras network that computes as its int8 form will: quantized and back, everywhere.

tensorflow-model-optimization places what is quantized and trains through it. Its own rules are
mended in two places, as its version 0.8.1 has them: a convolution before a ReLU keeps its weights'
quantization, which it drops where no batch normalization stands between; and a depthwise kernel has
a scale for each channel, where it takes the last axis, of which there is one; so has a transposed
convolution, whose last axis is that of its input. Needs the [build] extra.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import BuildFailed, some

# What holds a layer's weights, of those that have some to be quantized.
KERNELS: Final = {
    "Conv2D": "kernel",
    "Conv2DTranspose": "kernel",
    "DepthwiseConv2D": "depthwise_kernel",
    "Dense": "kernel",
}
# Those whose channels are the axis before the last of it.
TURNED: Final = ("Conv2DTranspose", "DepthwiseConv2D")
PREFIX: Final = "quant_"
SIDES: Final = ("min", "max")


def quantized(
    network: Any, *, per_tensor: bool, exclude: Sequence[str], weights: bool = True
) -> Any:
    """The network with its activations quantized, and its `weights` too: `per_tensor` with one
    scale for a layer, otherwise one a channel. Layers whose names match `exclude` stay float.

    BuildFailed names the layers that can't be quantized. Ranges are still to be set.
    """
    import tf_keras
    from tensorflow_model_optimization.python.core.quantization.keras import quantize

    scheme = _scheme(per_tensor=per_tensor, weights=weights)
    chosen = _chosen(network, exclude, scheme.get_quantize_registry())

    def annotate(layer: Any) -> Any:
        return quantize.quantize_annotate_layer(layer) if layer.name in chosen else layer

    return quantize.quantize_apply(
        tf_keras.models.clone_model(network, clone_function=annotate), scheme, PREFIX
    )


def _chosen(network: Any, exclude: Sequence[str], registry: Any) -> set[str]:
    """The names of the layers that are quantized."""
    import tf_keras

    layers = [x for x in network.layers if not isinstance(x, tf_keras.layers.InputLayer)]
    left = [x for x in layers if not any(fnmatchcase(x.name, pattern) for pattern in exclude)]
    refused = [x for x in left if not _supported(x, registry)]
    if refused:
        kinds = sorted({type(layer).__name__ for layer in refused})
        names = ", ".join(f'"{layer.name}"' for layer in refused[:3])
        names += ", …" if len(refused) > 3 else ""
        raise BuildFailed(
            f"layer {some([repr(layer.name) for layer in refused])} ({some(kinds)}) can't be"
            f" trained for int8; leave it float by exclude = [{names}]"
            ' (patterns such as "*_bn" are fine), or leave the variant out'
        )
    if not any(type(layer).__name__ in KERNELS for layer in left):
        raise BuildFailed(
            f"`exclude` leaves no layer with weights to train for int8: take some out of"
            f" {list(exclude)}"
        )
    return {layer.name for layer in left}


def _supported(layer: Any, registry: Any) -> bool:
    if not registry.supports(layer):
        return False
    try:
        registry.get_quantize_config(layer).get_output_quantizers(layer)
    except ValueError:  # an activation without an integer form
        return False
    return True


def ranges_of(network: Any, images: npt.NDArray[np.float32]) -> dict[str, tuple[float, float]]:
    """The least and the largest output of every layer over the images."""
    import tf_keras

    names = [layer.name for layer in network.layers]
    probe = tf_keras.Model(network.inputs, [layer.output for layer in network.layers])
    found = dict.fromkeys(names, (0.0, 0.0))  # an integer must be able to say zero
    for start in range(0, len(images), 16):
        outputs = probe(images[start : start + 16], training=False)
        for name, output in zip(names, outputs, strict=True):
            least, largest = found[name]
            found[name] = (
                min(least, float(np.min(output))),
                max(largest, float(np.max(output))),
            )
    return found


def variables_of(made: Any) -> dict[str, Any]:
    """The variables of a quantized network by names that are the same in every process."""
    found = {}
    for layer in made.layers:
        inserted = layer.name.startswith("quantize_layer")  # and numbered, by process
        owner = "input" if inserted else layer.name.removeprefix(PREFIX)
        for variable in layer.weights:
            short = variable.name.partition(":")[0].rpartition("/")[2]
            short = re.sub(r"^quantize_layer(_\d+)?", "output", short)
            found[f"{owner}/{short}"] = variable
    return found


def set_ranges(made: Any, network: Any, images: npt.NDArray[np.float32]) -> None:
    """Begin with the ranges that the float network's activations have over some images, and its
    weights have.
    """
    ranges = ranges_of(network, images)
    ranges["input"] = ranges[network.layers[0].name]
    for name, variable in variables_of(made).items():
        owner, _, short = name.rpartition("/")
        of, _, side = short.rpartition("_")
        if side in SIDES and of in ("output", "post_activation"):
            variable.assign(ranges[owner][side == "max"])
    settle(made)


def settle(made: Any) -> None:
    """Give the weights the ranges that they have now: a step of training leaves those from before
    it.
    """
    variables = variables_of(made)
    turned = {
        layer.name.removeprefix(PREFIX)
        for layer in made.layers
        if type(getattr(layer, "layer", layer)).__name__ in TURNED
    }
    for name, variable in variables.items():
        kernel, _, side = name.rpartition("_")
        if side in SIDES and kernel in variables:
            before_last = kernel.rpartition("/")[0] in turned
            widest = _widest(np.asarray(variables[kernel]), variable.shape.as_list(), before_last)
            variable.assign(widest if side == "max" else -widest)


def _widest(kernel: Any, shape: Sequence[int], before_last: bool) -> Any:
    """The largest absolute weight, of all or of each channel."""
    if not shape:
        return np.abs(kernel).max()
    return np.abs(kernel).max(axis=(0, 1, 3) if before_last else tuple(range(kernel.ndim - 1)))


def _scheme(*, per_tensor: bool, weights: bool) -> Any:
    """Tfmot's rules for 8 bits, mended."""
    from tensorflow_model_optimization.python.core.quantization.keras import (
        quantize_layout_transform,
        quantize_scheme,
        quantizers,
    )
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
        default_8bit_quantize_configs,
        default_8bit_quantize_registry,
        default_8bit_transforms,
    )
    from tensorflow_model_optimization.python.core.quantization.keras.graph_transformations import (
        model_transformer,
    )

    def config_of(kind: str, activations: list[str]) -> Any:
        made = default_8bit_quantize_registry.Default8BitQuantizeConfig(
            [KERNELS[kind]] if weights else [], activations, False
        )
        if not per_tensor:
            made.weight_quantizer = _per_channel(quantizers, before_last=kind in TURNED)
        return made

    class Registry(default_8bit_quantize_registry.Default8BitQuantizeRegistry):  # type: ignore[misc]
        def get_quantize_config(self, layer: Any) -> Any:
            kind = type(layer).__name__
            if kind in KERNELS:
                return config_of(kind, ["activation"])
            return super().get_quantize_config(layer)

    class BeforeReLU(default_8bit_transforms.LayerReLUQuantize):  # type: ignore[misc]
        """What a ReLU follows has its output quantized after it, and its weights all the same."""

        def replacement(self, match_layer: Any) -> Any:
            before = match_layer.input_layers[0]
            kind = before.layer["class_name"]
            before.metadata["quantize_config"] = (
                config_of(kind, [])
                if kind in KERNELS
                else default_8bit_quantize_configs.NoOpQuantizeConfig()
            )
            return match_layer

    class BeforeActivation(BeforeReLU, default_8bit_transforms.LayerReluActivationQuantize):  # type: ignore[misc]
        pass

    class Layout(quantize_layout_transform.QuantizeLayoutTransform):  # type: ignore[misc]
        def apply(self, model: Any, layer_quantize_map: Any) -> Any:
            transforms = [
                default_8bit_transforms.InputLayerQuantize(),
                default_8bit_transforms.ConcatTransform6Inputs(),
                default_8bit_transforms.ConcatTransform5Inputs(),
                default_8bit_transforms.ConcatTransform4Inputs(),
                default_8bit_transforms.ConcatTransform3Inputs(),
                default_8bit_transforms.ConcatTransform(),
                BeforeReLU(),
                BeforeActivation(),
            ]
            return model_transformer.ModelTransformer(
                model, transforms, set(layer_quantize_map), layer_quantize_map
            ).transform()

    class Scheme(quantize_scheme.QuantizeScheme):  # type: ignore[misc]
        def get_layout_transformer(self) -> Any:
            return Layout()

        def get_quantize_registry(self) -> Any:
            return Registry(disable_per_axis=per_tensor)

    return Scheme()


def _per_channel(quantizers: Any, *, before_last: bool) -> Any:
    """A scale for each channel: the last axis, or the one before the last."""
    import tensorflow as tf
    import tf_keras

    class PerChannel(quantizers.LastValueQuantizer):  # type: ignore[misc]
        def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
            return {
                f"{side}_var": layer.add_weight(
                    f"{name}_{side}",
                    shape=(tensor_shape[-2 if before_last else -1],),
                    initializer=tf_keras.initializers.Constant(start),
                    trainable=False,
                )
                for side, start in (("min", -6.0), ("max", 6.0))
            }

        def __call__(self, inputs: Any, training: Any, weights: Any, **kwargs: Any) -> Any:
            if not before_last:
                return super().__call__(inputs, training, weights, **kwargs)
            turned = tf.transpose(inputs, (0, 1, 3, 2))
            turned = super().__call__(turned, training, weights, **kwargs)
            return tf.transpose(turned, (0, 1, 3, 2))

    return PerChannel(num_bits=8, per_axis=True, symmetric=True, narrow_range=True)
