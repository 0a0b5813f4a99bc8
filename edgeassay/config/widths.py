"""Sub-networks of one network: which variant is the next wider one of which."""

from __future__ import annotations

from collections.abc import Mapping

from edgeassay.config.shapes import nearest
from edgeassay.errors import ConfigError
from edgeassay.spec import VariantSpec


def check_widths(variants: Mapping[str, VariantSpec], where: str) -> None:
    """ConfigError where a variant's `wider` is none, of another format, or leads back to it."""
    for name, variant in variants.items():
        if variant.wider is None:
            continue
        key = f"{where}: variants.{name}.wider = {variant.wider!r}"
        if variant.wider not in variants:
            raise ConfigError(f"{key} is no variant; {nearest(variant.wider, variants)}")
        wider = variants[variant.wider]
        if wider.suffix != variant.suffix:
            raise ConfigError(
                f"{key} is a {wider.suffix}, and {name} a {variant.suffix}: no runtime lets them"
                " take turns; name one of the same format"
            )
        chain = [name]
        while (following := variants[chain[-1]].wider) is not None and following in variants:
            if following in chain:
                raise ConfigError(
                    f"{key} leads back to {following!r} ({' < '.join([*chain, following])}); the"
                    " widest has no `wider`"
                )
            chain.append(following)
