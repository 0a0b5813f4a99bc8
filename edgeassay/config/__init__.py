"""TOML to spec, strictly: an unknown key names file, key and the nearest valid key."""

from edgeassay.config.catalogue import catalogue, engine_of, environment_specs, environments
from edgeassay.config.loading import (
    choose,
    data_root,
    load_device,
    load_devices,
    load_model,
    load_models,
)
from edgeassay.config.segmentation_checks import check_classifies, check_task
from edgeassay.config.shapes import nearest

__all__ = [
    "catalogue",
    "check_classifies",
    "check_task",
    "choose",
    "data_root",
    "engine_of",
    "environment_specs",
    "environments",
    "load_device",
    "load_devices",
    "load_model",
    "load_models",
    "nearest",
]
